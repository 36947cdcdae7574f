import ArgumentParser
import Glibc
import Logging
import Operations

/// The command. Each verb has a file.
struct Berth: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "berth",
        abstract: "A regex-routed two-tier container proxy: the hostname says where a request goes.",
        discussion: """
            Exit codes: 0: done; 1: 'test' found a refused request or a failed case, 'check' a finding, 'diff' a \
            change, 'import' something that it does not translate, 'explain' a host that does not match, 'names' \
            and 'pools' no such name, 'why' no such request, 'status' a tier that is not ready; 2: the configuration, a \
            file, an address or the command line cannot be used; 3: 'reload --guard' refused.

            See it run:      berth demo
            Test a rule:     berth test --front rules/front.yaml --local rules/local.yaml \
            http://wordpress_container001_01.test.priv/
            """,
        version: BuildCommit.version,
        subcommands: [
            FrontCommand.self, LocalCommand.self, TestCommand.self, DiffCommand.self, CheckCommand.self,
            NamesCommand.self, StatusCommand.self, TopCommand.self, CertsCommand.self, ReloadCommand.self,
            UpgradeCommand.self, PoolsCommand.self, DeployCommand.self, WhyCommand.self,
            PauseCommand.self, DrainCommand.self, LogLevelCommand.self,
            StopCommand.self, ResumeCommand.self,
            ImportCommand.self, ExplainCommand.self, DemoCommand.self,
        ]
    )
}

@main
enum Main {
    static func main() async {
        // A peer or a pipe that closes early fails one write; it must not end the program.
        signal(SIGPIPE, SIG_IGN)
        Signals.ignoreUserSignals()
        do {
            try CommandNames.check(Array(CommandLine.arguments.dropFirst()), of: Berth.self)
            var command = try Berth.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            await OperatorLog.end()
        } catch let failure as CommandFailure {
            await OperatorLog.end()
            Terminal.error(failure.message)
            exit(failure.code)
        } catch {
            await OperatorLog.end()
            let message = Berth.fullMessage(for: error)
            // Help and version end with success; everything else is a wrong command line.
            if Berth.exitCode(for: error) == .success {
                print(message)
                exit(0)
            }
            if !message.isEmpty { Terminal.error(message) }
            exit((error as? ExitCode)?.rawValue ?? 2)
        }
    }
}
