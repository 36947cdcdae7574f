/// Endpoints at random in proportion to their weights; of two of them the one with fewer requests for its weight.
struct RandomChoice: Sendable {
    /// Draws before a turn decides.
    static let attempts = 21

    private var numbers: SeededNumbers
    private var slots = WeightedSlots([])

    init(seed: UInt64) {
        numbers = SeededNumbers(seed: seed)
    }

    mutating func update(_ weights: [UInt16]) {
        slots = WeightedSlots(weights)
    }

    /// - Parameters:
    ///   - two: draw two and compare them.
    ///   - weights: of the endpoints.
    ///   - state: of the endpoint with this index.
    /// - Returns: nil where the draws found none: take the one whose turn it is.
    mutating func pick(two: Bool, _ weights: [UInt16], _ state: (Int) -> EndpointLoad) -> Int? {
        var first: (index: Int, state: EndpointLoad)?
        for _ in 0..<Self.attempts {
            guard let index = slots.slot(at: numbers.next(below: slots.total)), index != first?.index else {
                continue
            }
            let state = state(index)
            // During a slow start a part of the draws counts.
            guard let share = state.availableShare,
                share == SmoothTurns.wholeShare || Int(numbers.next(below: 256)) < share
            else { continue }
            guard two else { return index }
            guard let first else {
                first = (index, state)
                continue
            }
            let mine = state.boundedRequests * Self.weight(weights[first.index], first.state)
            let theirs = first.state.boundedRequests * Self.weight(weights[index], state)
            // Of equals the first: alone, it is drawn in proportion to the weights.
            return mine < theirs ? index : first.index
        }
        return two ? first?.index : nil
    }

    private static func weight(_ weight: UInt16, _ state: EndpointLoad) -> UInt64 {
        UInt64(Int(weight) * state.share)
    }
}
