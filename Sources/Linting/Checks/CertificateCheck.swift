import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// Hosts that a rule accepts and no certificate covers.
///
/// A wildcard stands for exactly one label (RFC 9525 §6.3).
struct CertificateCheck {
    let context: LintContext
    let rule: RuleView
    let names: [String]

    func run() {
        guard rule.definition.host != nil, let language = rule.language else { return }
        let covered = names.compactMap(Self.language)
        guard covered.count == names.count else { return }
        let name = "[a-z0-9_.-]+"
        guard let hosts = try? NFA(PatternTree(name)),
            case .found(let host) = HostSearch(inside: [language, Language(hosts)], outside: covered).find()
        else { return }
        let list = names.map { "`\($0)`" }.joined(separator: ", ")
        context.report(
            .uncoveredHost,
            rule,
            key: "host",
            "rule `\(rule.name)` accepts `\(host.text)`, which the certificate for \(list) does not cover",
            hint:
                "a wildcard stands for one label: let the pattern take no more, or get a certificate for these hosts"
        )
    }

    /// The hosts that a certificate's name covers; nil: it is not one of hosts.
    static func language(_ name: String) -> Language? {
        let isWildcard = name.hasPrefix("*.")
        guard let host = try? HostName(isWildcard ? String(name.dropFirst(2)) : name) else { return nil }
        let quoted = host.text.replacing(".", with: "\\.").replacing("-", with: "\\-")
        let pattern = isWildcard ? "[^.]+\\." + quoted : quoted
        return (try? NFA(PatternTree(pattern, ignoresCase: true))).map { Language($0) }
    }
}
