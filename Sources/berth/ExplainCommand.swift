import ArgumentParser
import Explain
import Foundation
import PCRE2
import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// `berth explain`: a pattern in plain words, laid over a host.
struct ExplainPattern: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Describe a host pattern, what it captures from a host, and why a host does not match.",
        discussion: """
            The pattern is an argument, with or without its `~`; with --rule it is the host pattern of a rule.
            Exit code 0: the host matches; 1: it does not; 2: the pattern is not valid.

            Example: berth explain '^(?<app>[a-z]+)\\.test\\.priv$' shop.test.priv
            """
    )

    @Option(help: ArgumentHelp("Explain the host pattern of this rule.", valueName: "name"))
    var rule: String?

    @Option(help: ArgumentHelp("The rule file or folder that contains the rule.", valueName: "path"))
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
            Terminal.error("berth explain: `\(hostText)`: \(error); live traffic gets a 400")
            throw ExitCode(1)
        }
        let explanation: Explanation
        do {
            explanation = try Explanation(pattern, host: host.bytes, lacksText: !Self.mayMatch(pattern, host))
        } catch {
            throw CommandFailure(Self.invalid(pattern, error))
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            Terminal.output(
                String(decoding: try encoder.encode(ExplanationReport(explanation)), as: UTF8.self)
            )
        } else {
            Terminal.output(ExplanationText(color: Terminal.outputHasColor).render(explanation))
        }
        if !explanation.isMatch { throw ExitCode(1) }
    }

    /// The host of a rule as a pattern.
    private func pattern(of name: String) throws -> String {
        let table = try RuleFiles.load(config).table
        guard let rule = table.rules.first(where: { $0.name == name }) else {
            let names = table.rules.prefix(20).map(\.name).joined(separator: ", ")
            throw CommandFailure(
                "berth explain: no rule `\(name)` in \(config.joined(separator: ", ")); there are: \(names)"
            )
        }
        guard let host = rule.definition.host else { return "^.*$" }
        if host.hasPrefix("~") { return String(host.dropFirst()) }
        let literal = host.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "\\.")
        return host.hasPrefix("*.") ? "^.+" + literal.dropFirst() + "$" : "^\(literal)$"
    }

    /// Whether live traffic would ask PCRE2 at all, or come to a match.
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

/// An explanation as JSON. Keys are added, never renamed or removed.
private struct ExplanationReport: Encodable {
    struct Part: Encodable {
        let text: String
        let start: Int
        let end: Int
        let depth: Int
        let words: String
    }

    struct Capture: Encodable {
        let number: Int
        let name: String?
        let value: String?
        let start: Int?
        let end: Int?
    }

    struct Stop: Encodable {
        let offset: Int
        let expected: String
        let patternStart: Int?
        let patternEnd: Int?

        enum CodingKeys: String, CodingKey {
            case offset, expected
            case patternStart = "pattern_start"
            case patternEnd = "pattern_end"
        }
    }

    let pattern: String
    let host: String
    let matches: Bool
    let parts: [Part]
    var captures: [Capture] = []
    var stopped: Stop?
    /// Which limit ended the match.
    var limit: String?
    let steps: Int?
    let stepLimit: Int

    enum CodingKeys: String, CodingKey {
        case pattern, host, matches, parts, captures, stopped, limit, steps
        case stepLimit = "step_limit"
    }

    init(_ explanation: Explanation) {
        let text = explanation.tree.text
        pattern = String(decoding: text, as: UTF8.self)
        host = String(decoding: explanation.host, as: UTF8.self)
        matches = explanation.isMatch
        parts = explanation.words.lines.map { line in
            let bytes = text[line.range.clamped(to: 0..<text.count)]
            return Part(
                text: String(decoding: bytes, as: UTF8.self),
                start: line.range.lowerBound,
                end: line.range.upperBound,
                depth: line.depth,
                words: line.words
            )
        }
        steps = explanation.steps
        stepLimit = explanation.limit
        switch explanation.outcome {
        case .matched(let taken):
            captures = taken.map { capture in
                let bytes = capture.range.map { explanation.host[$0.clamped(to: 0..<explanation.host.count)] }
                return Capture(
                    number: capture.number,
                    name: capture.name,
                    value: bytes.map { String(decoding: $0, as: UTF8.self) },
                    start: capture.range?.lowerBound,
                    end: capture.range?.upperBound
                )
            }
        case .stopped(let stop):
            stopped = Stop(
                offset: stop.offset,
                expected: stop.expected,
                patternStart: stop.part?.lowerBound,
                patternEnd: stop.part?.upperBound
            )
        case .limit(let limit): self.limit = limit.rawValue
        case .lacksText: break
        case .failed(let code): limit = "pcre2 \(code)"
        }
    }
}
