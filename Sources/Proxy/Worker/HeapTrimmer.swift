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

    /// - Parameter connections: how many there are now.
    mutating func isDue(connections count: Int, now: NIODeadline) -> Bool {
        peak = max(peak, count)
        guard peak >= Self.minConnections, count <= peak / 4 else { return false }
        if let last, now - last < Self.pause { return false }
        peak = count
        last = now
        return true
    }
}
