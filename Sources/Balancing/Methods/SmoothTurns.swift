/// Turns in proportion to weights, spread evenly (smooth weighted round robin): with weights 5, 1 and 1 the turns go
/// a, a, b, a, c, a, a. The sequence of nginx.
///
/// Each pick looks at every endpoint: all that can be picked get a credit of their weight, and who has the most credit
/// is picked and pays for all. A value of one event loop.
struct SmoothTurns: Sendable {
    /// The parts that a weight is divided into, so that a slow start can have some of them.
    static let wholeShare = 256

    /// One that can be picked, and what it counts now: its weight times the parts of it.
    struct Candidate {
        let index: Int
        let weight: Int
    }

    /// Of each endpoint, in their order.
    private(set) var weights: [UInt16] = []
    /// How much of its share each is owed (above zero) or has had in advance. Empty until the first pick.
    private var credits: [Int] = []
    private let seed: UInt

    init(seed: UInt = 0) {
        self.seed = seed
    }

    /// Takes other endpoints, or other weights, without a new beginning for those that stay.
    mutating func update(_ endpoints: [(weight: UInt16, previous: Int?)]) {
        weights = endpoints.map(\.weight)
        guard !credits.isEmpty else { return }
        let previous = credits
        let kept = endpoints.map { endpoint in
            endpoint.previous.flatMap { previous.indices.contains($0) ? previous[$0] : nil }
        }
        // What those that have gone were owed or had in advance is spread over the rest.
        let known = kept.compactMap(\.self)
        let mean = known.isEmpty ? 0 : known.reduce(0, &+) / known.count
        credits = kept.map { $0.map { $0 &- mean } ?? 0 }
    }

    /// The index of the endpoint whose turn it is.
    ///
    /// An endpoint of weight 0 is picked only where no other can be.
    ///
    /// - Parameter share: which of the `wholeShare` parts of the weight of the endpoint with this index count; nil: it
    ///   must not be picked.
    mutating func pick(_ share: (Int) -> Int?) -> Int? {
        begin()
        return pick(share, ofWeightZero: false) ?? pick(share, ofWeightZero: true)
    }

    private mutating func pick(_ share: (Int) -> Int?, ofWeightZero isZero: Bool) -> Int? {
        var best: Int?
        var total = 0
        for index in weights.indices where (weights[index] == 0) == isZero {
            guard let share = share(index) else { continue }
            let weight = share &* max(1, Int(weights[index]))
            total &+= weight
            credits[index] &+= weight
            if best.map({ credits[index] > credits[$0] }) ?? true { best = index }
        }
        if let best { credits[best] &-= total }
        return best
    }

    /// The one of some candidates whose turn it is.
    mutating func pick(among candidates: [Candidate]) -> Int? {
        guard candidates.count > 1 else { return candidates.first?.index }
        begin()
        var best: Int?
        var total = 0
        for candidate in candidates where credits.indices.contains(candidate.index) {
            total &+= candidate.weight
            credits[candidate.index] &+= candidate.weight
            if best.map({ credits[candidate.index] > credits[$0] }) ?? true { best = candidate.index }
        }
        if let best { credits[best] &-= total }
        return best
    }

    private mutating func begin() {
        if credits.isEmpty, !weights.isEmpty { credits = firstCredits() }
    }

    /// The credits after so many turns as the seed says. None is further than a round from its share.
    private func firstCredits() -> [Int] {
        let total = weights.reduce(0 as UInt64) { $0 + UInt64($1) }
        guard total > 0 else { return weights.map { _ in 0 } }
        let turns = UInt64(seed) % total
        var sum: UInt64 = 0
        var taken: UInt64 = 0
        return weights.map { weight in
            // What the endpoints up to this one have had by then, rounded. Less than `sum`, as `turns` < `total`.
            sum += UInt64(weight)
            let before = taken
            var product = turns.multipliedFullWidth(by: sum)
            let (low, overflow) = product.low.addingReportingOverflow(total / 2)
            product = (product.high + (overflow ? 1 : 0), low)
            taken = total.dividingFullWidth(product).quotient
            let owed = Int(truncatingIfNeeded: turns &* UInt64(weight) &- total &* (taken - before))
            return owed &* Self.wholeShare
        }
    }
}
