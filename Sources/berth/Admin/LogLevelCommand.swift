import ArgumentParser
import Operations

/// `berth log-level [LEVEL]`
struct LogLevelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-level",
        abstract: "Show or set the minimum severity of a running tier's messages on standard error.",
        discussion: """
            What is set holds until the process ends. Exit code 0: done; 2: no tier responds, or the command line \
            cannot be used.

            Example: berth log-level debug
            """
    )
    @Argument(help: "debug, info, notice, warning or error (default: show the level).") var level:
        LogLevelOption?
    @OptionGroup var control: ControlOptions
    @Flag(help: "Print JSON.") var json = false

    private struct Setting: Encodable {
        let level: String
    }

    func run() async throws {
        let client = try control.tier("berth log-level")
        let text: String
        do throws(ControlClient.Problem) {
            if let level { try await client.set(logLevel: level.rawValue) }
            text = try await client.logLevel()
        } catch {
            throw ControlOptions.failure("berth log-level", error)
        }
        Terminal.output(json ? try JSONText.pretty(Setting(level: text)) : text)
    }
}
