import ArgumentParser
import RoutingConfig

/// The names of verbs on a command line. Without this check the parser would report the first option of a misspelled
/// verb, `Unknown option '--config'`, because it looks for it in `berth` itself.
enum CommandNames {
    /// - Throws: a command name that does not exist, with the one that was probably meant.
    static func check(
        _ arguments: [String],
        of root: any ParsableCommand.Type
    ) throws(CommandFailure) {
        var command = root
        var path = name(root)
        for argument in arguments {
            let verbs = command.configuration.subcommands
            // Options and arguments of a verb are the parser's.
            guard !verbs.isEmpty, !argument.hasPrefix("-"), argument != "help" else { return }
            guard let verb = verbs.first(where: { name($0) == argument }) else {
                // It is an argument of the default verb.
                guard command.configuration.defaultSubcommand == nil else { return }
                let names = verbs.map(name)
                let meant = Suggestion.nearest(to: argument, in: names).map { "did you mean `\($0)`? " } ?? ""
                throw CommandFailure(
                    "\(path): there is no command `\(argument)`: \(meant)The commands are "
                        + names.joined(separator: ", ")
                )
            }
            command = verb
            path += " " + argument
        }
    }

    private static func name(_ command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? ""
    }
}
