/// What the endpoints of a simulation do over time.
struct Scenario: Sendable {
    enum Behaviour: Sendable {
        /// Service times are so many times as long.
        case serve(slowness: Double)
        /// It accepts connections and never responds.
        case hang
        /// It refuses connections.
        case refuse
    }

    let title: String
    /// By the endpoint and the second.
    let behaviour: @Sendable (Int, Double) -> Behaviour

    static let all = [
        Scenario(title: "all alike") { _, _ in .serve(slowness: 1) },
        Scenario(title: "two kinds of machines") { index, _ in .serve(slowness: index < 4 ? 0.7 : 1.3) },
        Scenario(title: "one slow (3 ×)") { index, _ in .serve(slowness: index == 0 ? 3 : 1) },
        Scenario(title: "one pauses each 2 s") { index, second in
            let pauses = index == 0 && second.truncatingRemainder(dividingBy: 2) < 0.3
            return .serve(slowness: pauses ? 15 : 1)
        },
        Scenario(title: "one flaps (refuses)") { index, second in
            index == 0 && second.truncatingRemainder(dividingBy: 10) < 5 ? .refuse : .serve(slowness: 1)
        },
        Scenario(title: "one hangs for 30 s") { index, second in
            index == 0 && (10..<40).contains(second) ? .hang : .serve(slowness: 1)
        },
    ]
}
