/// Endpoints take turns.
///
/// A value of one event loop: each loop counts its own turns, so over several
/// loops the shares are equal in the mean, not request by request.
public struct RoundRobin: Sendable {
    private var turn: UInt
    /// Counted apart: what is picked in place of another must not shift the turns of all.
    private var substitutions: UInt = 0

    /// - Parameter seed: where the turns begin. Loops that begin at different
    ///   positions do not all send their first request to the same endpoint.
    public init(seed: UInt = 0) {
        self.turn = seed
    }

    /// The index of the endpoint whose turn it is.
    ///
    /// - Parameter count: how many endpoints there are.
    /// - Returns: an index below `count`, or nil when there is none to choose.
    public mutating func pick(among count: Int) -> Int? {
        guard count > 0 else { return nil }
        defer { turn &+= 1 }
        return Int(turn % UInt(count))
    }

    /// One of the endpoints that are not excluded: each in turn takes the place of one that is.
    ///
    /// - Parameters:
    ///   - count: how many endpoints there are.
    ///   - isExcluded: whether the endpoint with this index must not be picked.
    /// - Returns: an index below `count`, or nil when there is none to choose.
    public mutating func pick(among count: Int, excluding isExcluded: (Int) -> Bool) -> Int? {
        guard count > 0 else { return nil }
        let left = (0..<count).filter { !isExcluded($0) }
        guard left.count < count else { return pick(among: count) }
        guard !left.isEmpty else { return nil }
        defer { substitutions &+= 1 }
        return left[Int(substitutions % UInt(left.count))]
    }
}
