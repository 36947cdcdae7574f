package import ProxyCore

/// What operators have set of a tier, for its start.
package struct TierCommands: Sendable {
    /// By the targets' names.
    package var holds: [String: TargetHold]
    package var states: [OperatorState]

    package init(holds: [String: TargetHold] = [:], states: [OperatorState] = []) {
        self.holds = holds
        self.states = states
    }
}
