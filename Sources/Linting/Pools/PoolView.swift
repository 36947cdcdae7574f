import PCRE2
import PatternLanguages
import PatternSyntax
import Routing

/// A pool as the checks see it: the names of its targets as a language.
final class PoolView {
    let pool: Pool
    /// Nil: the pool is for one name.
    let pattern: Pattern?

    init(_ pool: Pool, pattern: Pattern?) {
        self.pool = pool
        self.pattern = pattern
    }

    /// The key that says which targets the pool is for.
    var key: String { pattern == nil ? "name" : "match" }

    private var tree: PatternTree? {
        pattern.map { PatternTree(Array($0.text.utf8), ignoresCase: true) }
    }

    /// The names; nil: not known.
    private(set) lazy var language: Language? = {
        guard let tree else { return Language(.exactly(Array(pool.name.utf8))) }
        return (try? NFA(searching: tree)).map { Language($0) }
    }()

    /// The names, and maybe more; nil: not known.
    private(set) lazy var holding: Language? = {
        if let language { return language }
        return tree.flatMap { try? NFA(searching: $0, holding: true) }.map { Language($0) }
    }()

    /// Whether the pool's own condition holds for a name, as for live traffic.
    func accepts(_ name: String, scratch: MatchScratch) -> Bool {
        guard let pattern else { return pool.name == name }
        // A match that was given up counts as one here: nothing is reported that may be wrong.
        if case .noMatch = pattern.match(Array(name.utf8).span, scratch: scratch) { return false }
        return true
    }
}
