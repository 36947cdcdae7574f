import RoutingConfig

extension ConfigurationLoader {
    /// Loads rule files; every error in them becomes the command's message.
    static func loadForCommand(_ paths: [String]) throws(CommandFailure) -> Configuration {
        try inspectForCommand(paths).configuration
    }

    /// As `loadForCommand`, and keeps the location of each rule.
    static func inspectForCommand(_ paths: [String]) throws(CommandFailure) -> InspectedConfiguration {
        do {
            return try inspect(paths)
        } catch {
            throw CommandFailure(error.rendered(color: Terminal.errorHasColor))
        }
    }
}
