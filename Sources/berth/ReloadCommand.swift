import ArgumentParser
import Bytes
import Operations
import RoutingConfig

/// `berth reload`
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Let a running tier read its rule files, names, certificates and CAs again, as on SIGHUP.",
        discussion: """
            Files that cannot be used change nothing: what was in force stays, and the reasons are printed, as \
            'berth check' prints them. With --guard the tier also compares the routes of the hosts of the last five \
            minutes, and keeps its rules where too many would change.

            Exit code 0: all of it is in force; 1: some is not; 2: the tier cannot be reached; 3: --guard refused it.

            Example: berth reload
            Example: berth reload --guard 10
            """
    )

    @OptionGroup var control: ControlOptions

    @Option(
        help: ArgumentHelp(
            "Refuse the reload if more than this share of the hosts of the last minutes would change route.",
            valueName: "percent"
        )
    )
    var `guard`: Double?

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        if let limit = self.guard, !(0...100).contains(limit) {
            throw ValidationError("--guard: \(limit) is not a share from 0 to 100")
        }
    }

    func run() async throws {
        let client = try control.reload("berth reload")
        let report: ReloadReport
        do throws(ControlClient.Problem) { report = try await client.reload(guardLimit: self.guard) } catch {
            throw ControlOptions.failure("berth reload", error)
        }
        if json {
            Terminal.output(try AdminJSON.text(report))
        } else {
            show(report)
            Terminal.output(
                report.reloaded
                    ? "reloaded: \(report.rules) rules"
                    : "not reloaded: the \(report.rules) rules before stay in force"
            )
        }
        if report.guard?.isRefused == true { throw ExitCode(3) }
        if !report.reloaded || !report.findings.isEmpty { throw ExitCode(1) }
    }

    private func show(_ report: ReloadReport) {
        let diagnostics = (report.diagnostics ?? []).map(\.diagnostic)
        for diagnostic in diagnostics {
            Terminal.output(diagnostic.rendered(color: Terminal.outputHasColor))
            Terminal.output("")
        }
        for line in report.guard?.lines ?? [] { Terminal.output(line) }
        // Those that were shown with their lines are not shown twice.
        let shown = Set(diagnostics.map(\.summary) + (report.guard?.lines ?? []))
        for finding in report.findings where !shown.contains(finding) {
            Terminal.output(Printable.text(finding))
        }
    }
}
