import PCRE2
import PatternLanguages
import PatternSyntax
import Routing

/// A rule as the checks see it: its host as a language.
final class RuleView {
    enum Host {
        case any
        case exact([UInt8])
        /// With the dot before it.
        case wildcard([UInt8])
        case pattern
    }

    let rule: Rule
    let host: Host
    let literals: RequiredLiterals
    let conditions: Conditions

    var index: Int { rule.index }
    var name: String { rule.name }
    var definition: RuleDefinition { rule.definition }

    /// The key of the host: for a rule without one, its name.
    var hostKey: String { definition.host == nil ? "name" : "host" }

    /// The host's language, while it is among the last that were used: it needs kilobytes.
    private weak var meaning: HostLanguage?
    private let recent: LanguageCache

    init(_ rule: Rule, _ recent: LanguageCache) {
        self.rule = rule
        self.recent = recent
        conditions = Conditions(rule.definition)
        guard let text = rule.definition.host else {
            host = .any
            literals = RequiredLiterals()
            return
        }
        if text.hasPrefix("~") {
            host = .pattern
            literals = RequiredLiterals(common: PatternLiterals(HostLanguage.tree(text)).alternatives)
        } else if text.hasPrefix("*.") {
            let name = (try? HostName(String(text.dropFirst(2))))?.bytes ?? []
            host = .wildcard([UInt8(ascii: ".")] + name)
            literals = RequiredLiterals(suffix: [UInt8(ascii: ".")] + name)
        } else {
            let name = (try? HostName(text))?.bytes ?? []
            host = .exact(name)
            literals = RequiredLiterals(prefix: name, isWhole: true)
        }
    }

    private var meant: HostLanguage {
        if let meaning { return meaning }
        let new = HostLanguage(host, definition.host)
        meaning = new
        recent.keep(new)
        return new
    }

    var tree: PatternTree? { meant.tree }

    /// Set once it is known that no request gets to the rule.
    var isUnreachable = false

    /// Why there is no language: "a back reference".
    var unsupported: String? { meant.unsupported }

    var nfa: NFA? { meant.nfa }

    /// The hosts; nil: not known.
    var language: Language? { meant.language }

    /// The hosts, and maybe more: what is not in it the rule does not accept. Nil: not known.
    var holding: Language? { meant.holding }

    /// A host that the rule accepts, if there is one.
    private(set) lazy var sample: HostSearch.Result = {
        if case .exact(let name) = host { return .found(name) }
        if let tree, let example = Example.text(tree), (try? HostName(example.span))?.bytes == example,
            accepts(example)
        {
            return .found(example)
        }
        guard let holding else { return .unknown }
        let result = HostSearch(inside: [holding]).find()
        // Of a language that holds more, a host may be one of the others.
        if language == nil, case .found(let host) = result, !accepts(host) { return .unknown }
        return result
    }()

    /// Whether the rule's host condition matches a host, as for live traffic.
    func accepts(_ name: [UInt8]) -> Bool {
        if let language { return (try? language.contains(name)) ?? false }
        guard let tree,
            let pattern = try? Pattern(
                String(decoding: tree.text, as: UTF8.self),
                options: [.caseless, .wholeSubject]
            )
        else { return false }
        if case .matched = pattern.match(name.span, scratch: MatchScratch()) { return true }
        return false
    }

    /// Whether the hosts are certainly all of the other's and more, seen from the texts alone.
    func surelyHolds(_ other: RuleView) -> Bool {
        switch host {
        case .any: return true
        case .wildcard(let suffix):
            switch other.host {
            case .wildcard(let inner): return inner.suffix(suffix.count) == suffix[...]
            case .pattern:
                return other.literals.ending.suffix(suffix.count) == suffix[...]
                    && other.literals.ending.count > suffix.count
            default: break
            }
        default: break
        }
        return definition.host != nil && definition.host == other.definition.host
    }
}
