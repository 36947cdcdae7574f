import ArgumentParser
import Glibc
import Logging

/// The command. One file a verb.
struct Berth: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "berth",
        abstract: "A regex-routed two-tier container proxy: the hostname says where a request goes.",
        discussion: """
            Exit codes: 0: done. 1: 'test' found a request that is refused or a case that fails, 'diff' a change, \
            'check' a finding, 'import' something that it does not translate, 'explain' a host that does not match, \
            'names' no such name. 2: the configuration, a file or an address cannot be used, or the command line is \
            wrong.

            Run it:          berth demo
            Test a rule:     berth test --front rules/front.yaml --local rules/local.yaml \
            http://wordpress_container001_01.test.priv/
            """,
        version: "0.1.0",
        subcommands: [
            Front.self, Local.self, Test.self, Diff.self, Check.self, NamesCommand.self, Import.self,
            ExplainPattern.self, Demo.self,
        ]
    )
}

@main
enum Main {
    static func main() async {
        // A peer or a pipe that closes early is an error of one write, not the program's end.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Berth.parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            Terminal.error(failure.message)
            exit(failure.code)
        } catch {
            let message = Berth.fullMessage(for: error)
            // Help and version are requests of the user; everything else is a wrong command line.
            if Berth.exitCode(for: error) == .success {
                print(message)
                exit(0)
            }
            if !message.isEmpty { Terminal.error(message) }
            exit((error as? ExitCode)?.rawValue ?? 2)
        }
    }
}

/// Why a command ends without having done its work: in words, with its exit code.
struct CommandFailure: Error {
    let message: String
    let code: Int32

    /// - Parameter code: 2, unless the command says otherwise.
    init(_ message: String, code: Int32 = 2) {
        self.message = message
        self.code = code
    }
}
