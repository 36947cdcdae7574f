import ArgumentParser
import RuleTesting
import RoutingConfig

/// `berth diff`: which routes change if new rules replace old ones.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show the hosts whose route changes from one set of rules to another.",
        discussion: """
            Compares the routes of the requests in an access log (--replay) or in files of cases (--cases). Without \
            these options, Berth computes hosts that the two sets of rules route differently.
            Exit code 0: no route changes; 1: a route changes; 2: a file cannot be used.

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
            throw CommandFailure("berth diff: --replay and --cases cannot be used together")
        }
        let report: DiffReport
        do {
            let diff = try RouteDiff(
                old: try ConfigurationLoader.loadForCommand([old]),
                new: try ConfigurationLoader.loadForCommand([new])
            )
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
