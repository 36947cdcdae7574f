import ArgumentParser
import Foundation
import RouteTests
import Routing
import RoutingConfig

/// `berth check`: what is wrong with rule files, all of it at once.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check rule files: every error at once, with its line shown.",
        discussion: """
            Each path is a rule set of its own: a file, or a folder whose *.yaml files are read in name \
            order. Exit code 0: all can be used; 2: one cannot.

            Example: berth check rules/*.yaml
            """
    )

    @Argument(help: ArgumentHelp("Rule files or folders.", valueName: "path"))
    var paths: [String]

    @Flag(help: "Print the findings as a JSON array.")
    var json = false

    func run() throws {
        var findings: [Diagnostic] = []
        var rules = 0
        for path in paths {
            // `rules/*.yaml` names the files of cases too.
            if path.hasSuffix(".cases.yaml") || path.hasSuffix(".cases.yml") {
                findings += CaseSuite.check(path)
                continue
            }
            do throws(ConfigurationFailure) {
                let configuration = try ConfigurationLoader.load([path])
                findings += configuration.warnings
                rules += configuration.table.rules.count
            } catch {
                findings += error.diagnostics
            }
        }
        let invalid = findings.contains { $0.severity == .error }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Terminal.output(String(decoding: try encoder.encode(findings), as: UTF8.self))
        } else {
            let color = Terminal.errorHasColor
            for finding in findings { Terminal.error(finding.rendered(color: color) + "\n") }
            if !invalid {
                Terminal.output(
                    "\(paths.joined(separator: ", ")): ok, \(rules) \(rules == 1 ? "rule" : "rules")"
                )
            }
        }
        if invalid { throw ExitCode(2) }
    }
}
