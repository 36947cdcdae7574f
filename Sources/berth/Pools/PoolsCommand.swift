import ArgumentParser

/// `berth pools`: the endpoints of a running tier.
struct PoolsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pools",
        abstract: "Show the endpoints of a running tier and their health, and change their states.",
        discussion: """
            Exit codes: 0: done; 1: the name or the endpoint does not exist; 2: no tier responds at the control \
            socket, or the command line cannot be used.

            Example: berth pools --admin /run/berth/front.sock api
            """,
        subcommands: [
            PoolsListCommand.self, PoolsWhyCommand.self, PoolsUpCommand.self, PoolsDrainCommand.self,
            PoolsDownCommand.self, PoolsSplitCommand.self,
        ],
        defaultSubcommand: PoolsListCommand.self
    )
}
