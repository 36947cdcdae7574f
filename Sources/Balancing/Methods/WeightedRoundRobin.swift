/// Endpoints take turns in proportion to their weights, spread evenly: with weights 2 and 1 the
/// turns go a, b, a, and not a, a, b.
///
/// An endpoint of weight 0 has no turn as long as another with a weight can be picked; where none can, all are
/// alike. Where all weights are the same a pick costs the same however many there are, otherwise it
/// looks at each of them. A value of one event loop.
public struct WeightedRoundRobin: Sendable {
    /// The indices that have a weight; empty: all are alike.
    private var weighted: [Int] = []
    /// All that have a weight have the same.
    private var isUniform = true
    private var plain: RoundRobin
    /// Whose turn it is where weights differ, or where an endpoint has a part of its weight only.
    private var smooth: SmoothTurns

    /// - Parameter seed: where the turns begin, so that loops do not begin alike.
    public init(seed: UInt = 0) {
        self.plain = RoundRobin(seed: seed)
        self.smooth = SmoothTurns(seed: seed)
    }

    /// - Parameters:
    ///   - weights: of each endpoint, in their order.
    ///   - seed: where the turns begin.
    public init(_ weights: [UInt16], seed: UInt = 0) {
        self.init(seed: seed)
        update(weights.map { ($0, nil) })
    }

    /// Takes other endpoints, or other weights, without a new beginning for those that stay.
    ///
    /// - Parameter endpoints: in their order, each with its weight and the index that it has had so far; nil: it
    ///   is new.
    public mutating func update(_ endpoints: [(weight: UInt16, previous: Int?)]) {
        weighted = endpoints.indices.filter { endpoints[$0].weight > 0 }
        isUniform = weighted.allSatisfy { endpoints[$0].weight == endpoints[weighted[0]].weight }
        smooth.update(endpoints)
    }

    /// The index of the endpoint whose turn it is, or nil when there is none to choose.
    public mutating func pick() -> Int? {
        guard isUniform else { return smooth.pick { _ in SmoothTurns.wholeShare } }
        guard !weighted.isEmpty else { return plain.pick(among: smooth.weights.count) }
        return plain.pick(among: weighted.count).map { weighted[$0] }
    }

    /// The index of an endpoint that is not excluded, in proportion to the weights of those that are left.
    ///
    /// - Parameter isExcluded: whether the endpoint with this index must not be picked. Evaluated several times for
    ///   each.
    public mutating func pick(excluding isExcluded: (Int) -> Bool) -> Int? {
        guard isUniform else { return smooth.pick { isExcluded($0) ? nil : SmoothTurns.wholeShare } }
        if !weighted.isEmpty {
            let index = plain.pick(among: weighted.count) { isExcluded(weighted[$0]) }
            if let index { return weighted[index] }
        }
        return plain.pick(among: smooth.weights.count, excluding: isExcluded)
    }

    /// The same where endpoints may have a part of their weights only; see ``SmoothTurns/pick(_:)``.
    mutating func pick(_ share: (Int) -> Int?) -> Int? {
        let isPartial = smooth.weights.indices.contains { index in
            share(index).map { $0 < SmoothTurns.wholeShare } ?? false
        }
        return isPartial ? smooth.pick(share) : pick { share($0) == nil }
    }
}
