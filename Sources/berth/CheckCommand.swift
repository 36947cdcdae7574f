import ArgumentParser
import Linting
import RuleTesting
import Routing
import RoutingConfig

/// `berth check`: errors of rule files, and rules that probably do not mean what was intended.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check rule files: show every error and every doubtful rule at once, with its line.",
        discussion: """
            Each path is a rule set of its own: a file, or a folder whose *.yaml files are read in name \
            order. Findings go to standard output; docs/findings.md explains their codes. \
            A comment on a finding's line suppresses it: # berth: allow unreachable_rule

            Exit code 0: no findings; 1: there are findings; 2: a rule set cannot be used.

            Example: berth check rules/*.yaml
            """
    )

    @Argument(help: ArgumentHelp("Rule files or folders.", valueName: "path"))
    var paths: [String]

    @Option(help: "The format of the findings: text, json or sarif.")
    var format: Format?

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case json
        case sarif

        var report: LintReport.Format {
            switch self {
            case .text: .text
            case .json: .json
            case .sarif: .sarif
            }
        }
    }

    @Flag(help: "Short for --format json.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "A name of the listeners' certificate: report hosts that it does not cover. May be given several times.",
            valueName: "name"
        )
    )
    var certificate: [String] = []

    func validate() throws {
        for name in certificate {
            let host = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
            guard (try? HostName(host)) != nil else {
                throw ValidationError(
                    "--certificate: `\(name)` is not a host, with or without a leading `*.`"
                )
            }
        }
    }

    func run() throws {
        var findings: [Diagnostic] = []
        var rules = 0
        for path in paths {
            // `rules/*.yaml` names files of cases, too.
            if RuleFiles.isCaseFile(path) {
                findings += CaseSuite.check(path)
                continue
            }
            do throws(ConfigurationFailure) {
                let inspected = try ConfigurationLoader.inspect([path])
                let certificates = RuleCertificates(inspected.configuration)
                findings += certificates.findings(inspected)
                let options = Linter.Options(
                    certificateNames: certificate + certificates.names,
                    certificates: certificates.groups + certificate.map { Linter.Certificate(names: [$0]) },
                    isWhole: true
                )
                findings += inspected.configuration.warnings + Linter.findings(inspected, options: options)
                rules += inspected.configuration.table.rules.count
            } catch {
                findings += error.diagnostics
            }
        }
        let format = format ?? (json ? .json : .text)
        let report = try LintReport.render(findings, format.report, color: Terminal.outputHasColor)
        if !report.isEmpty { Terminal.output(report) }
        // A file that another program writes may not exist yet: report it, but do not fail.
        let isDoubtful = findings.contains { $0.severity == .warning && $0.code != .unreadable }
        let isInvalid = findings.contains { $0.severity == .error }
        if format == .text, !isInvalid {
            let count = findings.filter { $0.severity == .warning && $0.code != .unreadable }.count
            let found = count == 0 ? "ok" : count == 1 ? "1 finding" : "\(count) findings"
            if !report.isEmpty { Terminal.output("") }
            Terminal.output(
                "\(paths.joined(separator: ", ")): \(found), \(rules) \(rules == 1 ? "rule" : "rules")"
            )
        }
        if isInvalid { throw ExitCode(2) }
        if isDoubtful { throw ExitCode(1) }
    }
}
