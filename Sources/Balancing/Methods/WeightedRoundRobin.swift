/// Endpoints take turns in proportion to their weights, spread evenly: with weights 2 and 1 the
/// turns go a, b, a, and not a, a, b.
///
/// An endpoint of weight 0 has no turn as long as another with a weight can be picked; where none can, all are
/// alike. Where all weights are the same a pick costs the same however many there are, otherwise it
/// looks at each of them. A value of one event loop.
public struct WeightedRoundRobin: Sendable {
    /// The indices that have a weight; empty: all are alike.
    private var weighted: [Int] = []
    /// Of each endpoint, in their order.
    private var weights: [UInt16] = []
    /// How much of its share each is owed (above zero) or has had in advance. Empty where all that have turns are alike.
    private var credits: [Int] = []
    private var plain: RoundRobin
    private let seed: UInt

    /// - Parameter seed: where the turns begin, so that loops do not begin alike.
    public init(seed: UInt = 0) {
        self.seed = seed
        self.plain = RoundRobin(seed: seed)
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
        let previous = credits
        weights = endpoints.map(\.weight)
        weighted = weights.indices.filter { weights[$0] > 0 }
        let isUniform = weighted.allSatisfy { weights[$0] == weights[weighted[0]] }
        credits = isUniform ? [] : firstCredits()
        guard !isUniform, !previous.isEmpty else { return }
        let kept = endpoints.map { endpoint in
            endpoint.previous.flatMap { previous.indices.contains($0) ? previous[$0] : nil }
        }
        // What those that have gone were owed or had in advance is spread over the rest.
        let known = kept.compactMap(\.self)
        let mean = known.isEmpty ? 0 : known.reduce(0, +) / known.count
        for index in credits.indices { credits[index] = kept[index].map { $0 - mean } ?? 0 }
    }

    /// The credits after so many turns as the seed says. None is further than a round from its share.
    private func firstCredits() -> [Int] {
        let total = weights.reduce(0) { $0 + Int($1) }
        let turns = Int(seed % UInt(total))
        var sum = 0
        var taken = 0
        return weights.map { weight in
            // What the endpoints up to this one have had by then, rounded.
            sum += Int(weight)
            let before = taken
            taken = (2 * turns * sum + total) / (2 * total)
            return turns * Int(weight) - total * (taken - before)
        }
    }

    /// The index of the endpoint whose turn it is, or nil when there is none to choose.
    public mutating func pick() -> Int? {
        guard credits.isEmpty else { return pickByCredit { _ in false } }
        guard !weighted.isEmpty else { return plain.pick(among: weights.count) }
        return plain.pick(among: weighted.count).map { weighted[$0] }
    }

    /// The index of an endpoint that is not excluded, in proportion to the weights of those that are left.
    ///
    /// - Parameter isExcluded: whether the endpoint with this index must not be picked.
    public mutating func pick(excluding isExcluded: (Int) -> Bool) -> Int? {
        if !credits.isEmpty {
            if let index = pickByCredit(excluding: isExcluded) { return index }
        } else if !weighted.isEmpty {
            let index = plain.pick(among: weighted.count) { isExcluded(weighted[$0]) }
            if let index { return weighted[index] }
        }
        return plain.pick(among: weights.count, excluding: isExcluded)
    }

    private mutating func pickByCredit(excluding isExcluded: (Int) -> Bool) -> Int? {
        var best: Int?
        var total = 0
        for index in weighted where !isExcluded(index) {
            let weight = Int(weights[index])
            total += weight
            credits[index] += weight
            if best.map({ credits[index] > credits[$0] }) ?? true { best = index }
        }
        if let best { credits[best] -= total }
        return best
    }
}
