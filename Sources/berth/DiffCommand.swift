import ArgumentParser
import RuleTesting
import RoutingConfig

/// `berth diff`: what changes for whom when new rules take the place of old ones.
struct Diff: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the hosts whose route changes from one set of rules to another.",
        discussion: """
            Compares the requests of an access log (--replay) or of files of cases (--cases), or hosts \
            that are computed from the rules. Exit code 0: no route changes; 1: one does; 2: a file is wrong.

            Example: berth diff old/front.yaml new/front.yaml --replay access.log
            """
    )

    @Argument(help: ArgumentHelp("The rule file or folder in force.", valueName: "old"))
    var old: String

    @Argument(help: ArgumentHelp("The rule file or folder that replaces it.", valueName: "new"))
    var new: String

    @Option(
        help: ArgumentHelp(
            "An access log whose requests are compared; '-' is standard input.",
            valueName: "log"
        )
    )
    var replay: String?

    @Option(
        help: ArgumentHelp(
            "Files of cases, or a folder of them, whose requests are compared.",
            valueName: "path"
        )
    )
    var cases: [String] = []

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        guard replay == nil || cases.isEmpty else {
            throw CommandFailure("berth diff: --replay and --cases exclude each other")
        }
        let report: DiffReport
        do {
            let diff = try RouteDiff(old: try RuleFiles.load([old]), new: try RuleFiles.load([new]))
            if let replay {
                let progress = Progress("replay")
                defer { progress.end() }
                report = try diff.replay(replay) { progress.show($0) }
            } else if !cases.isEmpty {
                report = try diff.cases(cases)
            } else {
                report = diff.witnesses()
            }
        } catch let failure as ReplayFailure {
            throw CommandFailure("berth diff: \(failure)")
        } catch let failure as ConfigurationFailure {
            throw CommandFailure(failure.rendered(color: Terminal.errorHasColor))
        }
        if json {
            Terminal.output(try JSONText.pretty(report))
        } else {
            Terminal.text(DiffText(color: Terminal.outputHasColor).render(report))
        }
        if report.hasChanges { throw ExitCode(1) }
    }
}
