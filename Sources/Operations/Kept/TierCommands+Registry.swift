import Proxy

extension TierCommands {
    /// With what registries have besides: what was set here counts first.
    func over(_ records: [String: ControlRecord]) -> TierCommands {
        var commands = self
        commands.holds.merge(records.compactMapValues(\.hold?.targetHold)) { own, _ in own }
        return commands
    }
}
