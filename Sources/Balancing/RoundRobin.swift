/// Endpoints take turns.
///
/// A value of one event loop: each loop counts its own turns, so over several
/// loops the shares are equal in the mean, not request by request.
public struct RoundRobin: Sendable {
    private var turn: UInt

    /// - Parameter seed: where the turns begin. Loops that begin at different
    ///   places do not all send their first request to the same endpoint.
    public init(seed: UInt = 0) {
        self.turn = seed
    }

    /// The index of the endpoint whose turn it is.
    ///
    /// - Parameter count: how many endpoints there are.
    /// - Returns: an index below `count`, or nil when there is none to choose.
    public mutating func next(of count: Int) -> Int? {
        guard count > 0 else { return nil }
        defer { turn &+= 1 }
        return Int(turn % UInt(count))
    }
}
