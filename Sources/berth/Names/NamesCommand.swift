import ArgumentParser

/// `berth names`: the names of a tier's sources, and the entries of a registry.
struct NamesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "names",
        abstract: "Show names as a tier resolves them, and change the entries of a registry.",
        discussion: """
            Exit codes: 0: done; 1: the name does not exist, or the entry was not changed; 2: the configuration, a \
            source or the command line cannot be used.

            Example: berth names list --config rules/front.yaml
            """,
        subcommands: [
            NamesListCommand.self, NamesGetCommand.self, NamesSetCommand.self, NamesRemoveCommand.self,
            NamesWatchCommand.self, NamesLoadedCommand.self,
        ]
    )
}
