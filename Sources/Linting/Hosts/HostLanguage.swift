import PatternLanguages
import PatternSyntax

/// A rule's host as a tree and as languages, made at first use.
final class HostLanguage {
    private let host: RuleView.Host
    let tree: PatternTree?

    /// - Parameter text: as the rule has it.
    init(_ host: RuleView.Host, _ text: String?) {
        self.host = host
        if case .pattern = host, let text { tree = Self.tree(text) } else { tree = nil }
    }

    /// - Parameter text: with its `~`.
    static func tree(_ text: String) -> PatternTree {
        PatternTree(Array(text.utf8.dropFirst()), ignoresCase: true)
    }

    /// Why there is no language: "a back reference".
    var unsupported: String? { read.unsupported }

    var nfa: NFA? { read.nfa }

    private lazy var read: (nfa: NFA?, unsupported: String?) = {
        switch host {
        case .any: return (.anything, nil)
        case .exact(let name): return (.exactly(name), nil)
        case .wildcard(let suffix): return (.ending(suffix), nil)
        case .pattern:
            guard let tree else { return (nil, nil) }
            do throws(NFA.Unsupported) {
                return (try NFA(tree), nil)
            } catch {
                return (nil, error.part)
            }
        }
    }()

    /// The hosts; nil: not known.
    private(set) lazy var language: Language? = nfa.map { Language($0) }

    /// The hosts, and maybe more: what is not in it the rule does not accept. Nil: not known.
    private(set) lazy var holding: Language? = {
        if let language { return language }
        guard let tree else { return nil }
        return (try? NFA(holding: tree)).map { Language($0) }
    }()
}

/// Keeps the meanings that were made last, so that a file of 100,000 rules does not take gigabytes.
final class LanguageCache {
    /// Meanings that are kept: more than are ever compared with one another.
    static let max = 1024

    private var kept: [HostLanguage] = []
    private var oldest = 0

    func keep(_ meaning: HostLanguage) {
        guard kept.count == Self.max else { return kept.append(meaning) }
        kept[oldest] = meaning
        oldest = (oldest + 1) % Self.max
    }
}
