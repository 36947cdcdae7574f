import NIOCore

/// Notices when most of many connections have closed: then the allocator should give back to the system what it
/// keeps (it does not by itself, and it takes some milliseconds).
struct HeapTrimmer {
    /// Fewer connections are not worth it.
    static let minConnections = 64
    /// Connections that come and go must not cost more than they free.
    static let pause = TimeAmount.seconds(5)
    private var peak = 0
    private var last: NIODeadline?
    /// When to look again: the last of them may still have held much.
    private var again: NIODeadline?

    /// - Parameter connections: how many there are now.
    mutating func isDue(connections count: Int, now: NIODeadline) -> Bool {
        peak = max(peak, count)
        if let again, now >= again {
            self.again = nil
            return true
        }
        guard peak >= Self.minConnections, count <= peak / 4 else { return false }
        if let last, now - last < Self.pause { return false }
        peak = count
        last = now
        again = now + Self.pause
        return true
    }
}
