/// Endpoints take turns in proportion to their weights, spread evenly: with weights 2 and 1 the
/// turns go a, b, a, and not a, a, b.
///
/// An endpoint of weight 0 has no turn as long as another has a weight; where none has, all are
/// alike. Where all weights are the same a turn costs the same however many there are, otherwise it
/// looks at each of them. A value of one event loop.
public struct WeightedRoundRobin: Sendable {
    /// The indices that have turns.
    private let eligible: [Int]
    /// Their weights; empty: all alike.
    private let weights: [Int]
    private let total: Int
    /// How far each is behind (above zero) or ahead of its share; together zero.
    private var credits: [Int]
    private var plain: RoundRobin

    /// How many turns may pass before the first, so that loops do not begin alike.
    private static let mostSkipped: UInt = 64

    /// - Parameters:
    ///   - weights: of each endpoint, in their order.
    ///   - seed: where the turns begin.
    public init(_ weights: [UInt16], seed: UInt = 0) {
        let weighty = weights.indices.filter { weights[$0] > 0 }
        let eligible = weighty.isEmpty ? Array(weights.indices) : weighty
        let shares = eligible.map { Int(weights[$0]) }
        let alike = shares.allSatisfy { $0 == shares.first }
        self.eligible = eligible
        self.weights = alike ? [] : shares
        self.total = shares.reduce(0, +)
        self.credits = alike ? [] : Array(repeating: 0, count: shares.count)
        self.plain = RoundRobin(seed: seed)
        if !alike {
            for _ in 0..<(seed % Self.mostSkipped) { _ = next() }
        }
    }

    /// The index of the endpoint whose turn it is, or nil when there is none to choose.
    public mutating func next() -> Int? {
        guard !weights.isEmpty else { return plain.next(of: eligible.count).map { eligible[$0] } }
        var best = 0
        for index in credits.indices {
            credits[index] += weights[index]
            if credits[index] > credits[best] { best = index }
        }
        credits[best] -= total
        return eligible[best]
    }
}
