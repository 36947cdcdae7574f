import RoutingConfig

extension ConfigurationLoader {
    /// Loads rule files; every error in them becomes the command's message.
    static func loadForCommand(_ paths: [String]) throws(CommandFailure) -> Configuration {
        do {
            return try load(paths)
        } catch {
            throw CommandFailure(error.rendered(color: Terminal.errorHasColor))
        }
    }
}
