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
    ///   - isExcluded: whether the endpoint with this index must not be picked. Evaluated up to twice for each.
    /// - Returns: an index below `count`, or nil when there is none to choose.
    public mutating func pick(among count: Int, excluding isExcluded: (Int) -> Bool) -> Int? {
        guard count > 0 else { return nil }
        let left = (0..<count).count { !isExcluded($0) }
        guard left < count else { return pick(among: count) }
        guard left > 0 else { return nil }
        var position = Int(substitutions % UInt(left))
        substitutions &+= 1
        var last: Int?
        for index in 0..<count where !isExcluded(index) {
            last = index
            guard position > 0 else { break }
            position -= 1
        }
        return last
    }
}
