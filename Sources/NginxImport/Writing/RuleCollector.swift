import Routing
import RoutingConfig

/// Collects the rules in their order.
final class RuleCollector {
    private(set) var rules: [ImportedRule] = []
    private let findings: FindingCollector
    private let responses: ResponseFieldTranslator
    private var names: [String: Int] = [:]
    /// By patterns: a text on which they backtrack catastrophically, or nil.
    private var witnesses: [RulePatterns: String?] = [:]

    init(_ findings: FindingCollector, responses: ResponseFieldTranslator) {
        self.findings = findings
        self.responses = responses
    }

    /// Adds a rule.
    ///
    /// - Parameters:
    ///   - used: the groups that templates of the rule use.
    ///   - keepsNumbers: whether templates can refer to groups by number.
    ///   - action: writes the rule's action. If it throws, or the context is closed, the rule responds with 501.
    func add(
        _ context: RuleContext,
        name: String,
        at position: SourceLocation,
        used: Set<ValuePart> = [],
        keepsNumbers: Bool = true,
        action: (inout ImportedRule, GroupNaming) throws(Untranslatable) -> Void
    ) {
        guard rules.count < NginxLimits.maxRules else {
            findings.untranslated(
                "everything after this",
                at: position,
                "the limit of \(NginxLimits.maxRules) rules is reached"
            )
            return
        }
        do throws(Untranslatable) {
            let naming = try GroupNaming(
                context.condition,
                used: used.union(responses.captures(context)),
                keepsNumbers: keepsNumbers,
                at: position
            )
            var rule = ImportedRule(name: "")
            Self.write(context, naming, into: &rule)
            let conditions = rule.lines.count
            do throws(Untranslatable) {
                if let closed = context.closed { throw closed }
                try action(&rule, naming)
                responses.write(rule.hiddenFields, context, naming, &rule)
            } catch {
                // The rule stays, so that its requests do not reach a later rule.
                rule.lines.removeLast(rule.lines.count - conditions)
                refuse(error, &rule)
            }
            if let witness = catastrophicText(context, naming) {
                findings.note(
                    "a pattern",
                    at: position,
                    "it backtracks catastrophically, e.g. on `\(witness)`: the match limit ends it with a 500"
                )
                rule.add("backtracking: allowed", at: nil)
            }
            rule.name = unique(name)
            rules.append(rule)
        } catch {
            findings.untranslated(error)
        }
    }

    /// Adds a rule that stands in for one that is not translated: it responds with 501.
    func addRefusal(
        _ context: RuleContext,
        name: String,
        at position: SourceLocation,
        _ cause: Untranslatable
    ) {
        add(context, name: name, at: position) { (_, _) throws(Untranslatable) in throw cause }
    }

    private func refuse(_ cause: Untranslatable, _ rule: inout ImportedRule) {
        findings.untranslated(cause)
        rule.title = "not translated: \(cause.what): \(cause.why)"
        rule.add("respond: 501", at: cause.position)
    }

    private func catastrophicText(_ context: RuleContext, _ naming: GroupNaming) -> String? {
        let patterns = RulePatterns(
            host: context.condition.host.text(naming: naming.names),
            paths: [
                context.condition.path.text(naming: naming.names),
                context.rewrite.map { "~" + $0.regex.text },
            ].compactMap { $0 },
            headers: context.condition.headers.map(\.value)
        )
        if let known = witnesses[patterns] { return known }
        let witness = patterns.witness
        witnesses[patterns] = .some(witness)
        return witness
    }

    /// Writes the conditions of a rule.
    private static func write(_ context: RuleContext, _ naming: GroupNaming, into rule: inout ImportedRule) {
        let condition = context.condition
        if let host = condition.host.text(naming: naming.names) {
            rule.add("host: \(YAMLText.quoted(host))", at: context.hostPosition)
        }
        if let path = condition.path.text(naming: naming.names) {
            rule.add("path: \(YAMLText.quoted(path))", at: context.pathPosition)
        }
        if !condition.methods.isEmpty {
            rule.add("methods: [\(condition.methods.joined(separator: ", "))]", at: nil)
        }
        if !condition.headers.isEmpty {
            let fields = condition.headers.map { "\($0.name): \(YAMLText.quoted($0.value))" }
            rule.add("headers: { \(fields.joined(separator: ", ")) }", at: nil)
        }
        if !condition.clients.isEmpty {
            let networks = condition.clients.map { $0.contains(":") ? YAMLText.quoted($0) : $0 }
            rule.add("clients: [\(networks.joined(separator: ", "))]", at: nil)
        }
        if let demanded = ClientCertificateDirectives(context) {
            rule.add("client_certificates: \(demanded.text)", at: demanded.directive.position)
        }
    }

    private func unique(_ name: String) -> String {
        var text = String(decoding: name.utf8.map(Self.nameByte), as: UTF8.self)
        if text.utf8.count > 56 { text = String(decoding: text.utf8.prefix(56), as: UTF8.self) }
        let count = names[text, default: 0] + 1
        names[text] = count
        return count == 1 ? text : unique("\(text):\(count)")
    }

    private static func nameByte(_ byte: UInt8) -> UInt8 {
        ValueText.isNameByte(byte) || "-./:".utf8.contains(byte) ? byte : UInt8(ascii: "_")
    }
}
