import ArgumentParser
import Glibc
import Operations
import RoutingConfig

/// `berth top`
struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch a running tier: rates, the busiest rules and hosts, endpoints with problems first.",
        discussion: """
            On a terminal the view refreshes until Ctrl-C; elsewhere it is printed once.
            Exit code 0: done; 2: no tier responds, or the command line cannot be used.

            Example: berth top --interval 1s
            """
    )
    @Option(help: ArgumentHelp("The time between two views.", valueName: "time")) var interval = "2s"
    @Flag(help: "Print the view once.") var once = false
    @OptionGroup var control: ControlOptions

    /// The shortest interval: each view is four requests.
    private static let shortest = Duration.milliseconds(200)

    func run() async throws {
        guard let pause = Quantity.duration(interval), pause >= Self.shortest else {
            throw CommandFailure("--interval: '\(interval)' is not a time from 200ms on; write it like 2s")
        }
        let client = try control.tier("berth top")
        guard !once, isatty(STDOUT_FILENO) != 0 else {
            for line in try await Self.view(client).lines { Terminal.output(line) }
            return
        }
        // The first view before anything else: a tier that does not respond is an error.
        Self.show(try await Self.view(client).lines)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await Signals.termination() }
            tasks.addTask {
                while true {
                    try await Task.sleep(for: pause)
                    Self.show(try await Self.view(client).lines)
                }
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
        }
        Terminal.output("")
    }

    private static func view(_ client: AdminClient) async throws -> TopView {
        do throws(ControlClient.Problem) { return try await TopView(client) } catch {
            throw ControlOptions.failure("berth top", error)
        }
    }

    /// Draws over the view before.
    private static func show(_ lines: [String]) {
        var size = winsize()
        let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_row > 1 && size.ws_col > 1
        let (rows, columns) = isKnown ? (Int(size.ws_row), Int(size.ws_col)) : (24, 80)
        let shown = lines.prefix(rows - 1).map { String($0.prefix(columns)) + "\u{1B}[K" }
        Terminal.text("\u{1B}[H" + shown.joined(separator: "\r\n") + "\r\n\u{1B}[J")
    }
}
