/// Notices when most of many connections have closed: then the allocator should give back to the system what it
/// keeps (it does not by itself, and it takes some milliseconds).
struct HeapTrimmer {
    /// Fewer connections are not worth it.
    static let minConnections = 1024
    private var peak = 0

    /// - Parameter count: how many there are now.
    mutating func hasShrunk(_ count: Int) -> Bool {
        peak = max(peak, count)
        guard peak >= Self.minConnections, count <= peak / 4 else { return false }
        peak = count
        return true
    }
}
