import ArgumentParser
import Explain
import PCRE2
import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// `berth explain`: a pattern in plain words, compared with a host.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract:
            "Show what a host pattern means, what it captures from a host, or why a host does not match.",
        discussion: """
            The pattern is an argument, with or without `~`. With --rule, it is the host pattern of a rule.
            Exit code 0: the host matches; 1: it does not; 2: the pattern is not valid.

            Example: berth explain '^(?<app>[a-z]+)\\.test\\.priv$' shop.test.priv
            """
    )

    @Option(help: ArgumentHelp("Explain the host pattern of this rule.", valueName: "name"))
    var rule: String?

    @Option(help: ArgumentHelp("The rule file or folder that has the rule.", valueName: "path"))
    var config: [String] = []

    @Flag(help: "Print a JSON object.")
    var json = false

    @Argument(help: ArgumentHelp("A pattern (without --rule), and a host.", valueName: "pattern host"))
    var words: [String]

    func run() throws {
        let pattern: String
        let hostText: String
        if let rule {
            guard !config.isEmpty, words.count == 1 else {
                throw CommandFailure("berth explain: --rule needs --config and a host")
            }
            pattern = try self.pattern(of: rule)
            hostText = words[0]
        } else {
            guard config.isEmpty, words.count == 2 else {
                throw CommandFailure(
                    "berth explain: give a pattern and a host, or --rule, --config and a host"
                )
            }
            pattern = words[0].hasPrefix("~") ? String(words[0].dropFirst()) : words[0]
            hostText = words[1]
        }
        let host: HostName
        do {
            host = try HostName(hostText)
        } catch {
            Terminal.error("berth explain: `\(hostText)`: \(error); a tier responds with 400")
            throw ExitCode(1)
        }
        let explanation: Explanation
        do {
            explanation = try Explanation(pattern, host: host.bytes, lacksText: !Self.mayMatch(pattern, host))
        } catch {
            throw CommandFailure(Self.invalid(pattern, error))
        }
        if json {
            Terminal.output(try JSONText.pretty(ExplanationReport(explanation)))
        } else {
            Terminal.output(ExplanationText(color: Terminal.outputHasColor).render(explanation))
        }
        if !explanation.isMatch { throw ExitCode(1) }
    }

    /// The host of a rule as a pattern.
    private func pattern(of name: String) throws -> String {
        let table = try ConfigurationLoader.loadForCommand(config).table
        guard let rule = table.rules.first(where: { $0.name == name }) else {
            let names = table.rules.prefix(20).map(\.name).joined(separator: ", ")
            throw CommandFailure(
                "berth explain: no rule `\(name)` in \(config.joined(separator: ", ")); the rules are: \(names)"
            )
        }
        guard let host = rule.definition.host else { return "^.*$" }
        if host.hasPrefix("~") { return String(host.dropFirst()) }
        let literal = host.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "\\.")
        return host.hasPrefix("*.") ? "^.+" + literal.dropFirst() + "$" : "^\(literal)$"
    }

    /// Whether a tier would run the pattern for the host, or match without it.
    private static func mayMatch(_ pattern: String, _ host: HostName) -> Bool {
        let rule = RuleDefinition(name: "it", host: "~" + pattern, action: .respond(status: 200))
        guard let table = try? RouteTable([rule]), let client = IPAddress("127.0.0.1") else { return true }
        if case .refuse(let refusal) = table.decide(host: host, client: client).outcome {
            return refusal.reason != .noRule
        }
        return true
    }

    private static func invalid(_ pattern: String, _ error: PatternError) -> String {
        let before = String(decoding: pattern.utf8.prefix(error.offset), as: UTF8.self).unicodeScalars.count
        let finding = Diagnostic(
            code: .badPattern,
            file: "pattern",
            line: 1,
            column: before + 1,
            message: error.message,
            sourceLine: pattern
        )
        return finding.rendered(color: Terminal.errorHasColor)
    }
}
