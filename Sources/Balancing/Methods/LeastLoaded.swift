/// The endpoint with the least load for its weight; among equals they take turns.
struct LeastLoaded: Sendable {
    /// What is compared.
    enum Load: Sendable {
        /// Requests that an endpoint has: the order of nginx's `least_conn`.
        case requests
        /// The time of its responses for each request that it has, and for the new one.
        case time
    }

    /// What an endpoint that has requests and no response yet counts for each, nanoseconds (275 s): the first request
    /// measures it, and the others go to those whose time is known.
    static let unmeasured: UInt64 = 1 << 38

    /// Those with the least load, in their order; kept for its memory.
    private var tied: [SmoothTurns.Candidate] = []

    init() {}

    /// - Parameters:
    ///   - count: how many endpoints there are.
    ///   - turns: who is next among equals; has the weights.
    ///   - state: of the endpoint with this index. Evaluated once for each, twice where one of them has weight 0.
    mutating func pick(_ load: Load, _ turns: inout SmoothTurns, _ state: (Int) -> EndpointLoad) -> Int? {
        pick(load, &turns, state, ofWeightZero: false) ?? pick(load, &turns, state, ofWeightZero: true)
    }

    private mutating func pick(
        _ load: Load,
        _ turns: inout SmoothTurns,
        _ state: (Int) -> EndpointLoad,
        ofWeightZero isZero: Bool
    ) -> Int? {
        tied.removeAll(keepingCapacity: true)
        var least = (cost: 0 as UInt64, weight: 1 as UInt64)
        for (index, weight) in turns.weights.enumerated() where (weight == 0) == isZero {
            let state = state(index)
            guard !state.isExcluded else { continue }
            let candidate = SmoothTurns.Candidate(index: index, weight: max(1, Int(weight)) * state.share)
            let cost = Self.cost(load, state)
            // cost ÷ weight < least.cost ÷ least.weight
            let mine = cost.multipliedFullWidth(by: least.weight)
            let theirs = least.cost.multipliedFullWidth(by: UInt64(candidate.weight))
            if tied.isEmpty || (mine.high, mine.low) < (theirs.high, theirs.low) {
                tied.removeAll(keepingCapacity: true)
                tied.append(candidate)
                least = (cost, UInt64(candidate.weight))
            } else if mine == theirs {
                tied.append(candidate)
            }
        }
        return turns.pick(among: tied)
    }

    private static func cost(_ load: Load, _ state: EndpointLoad) -> UInt64 {
        let requests = state.boundedRequests
        guard case .time = load else { return requests }
        guard state.nanoseconds > 0 else { return requests == 0 ? 0 : unmeasured + requests }
        return min(state.nanoseconds, unmeasured) * min(requests + 1, 1 << 24)
    }
}
