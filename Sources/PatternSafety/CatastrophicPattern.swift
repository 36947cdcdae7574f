import Routing

/// A text that makes a pattern of a rule hit its match limit.
package struct CatastrophicPattern: Sendable {
    package let rule: Int
    /// As in `RuleIssue.key`.
    package let key: String
    /// A host, a path, or a field's value.
    package let witness: String
}

extension RouteTable {
    /// The patterns of rules without `allowsBacktracking` that backtrack without end on some request.
    ///
    /// Cheap for patterns without nested repetitions; of others at most `BacktrackingCheck.maxPatterns` are examined.
    package func catastrophicPatterns() -> [CatastrophicPattern] {
        let check = BacktrackingCheck()
        return patterns.compactMap { pattern in
            guard !rules[pattern.rule].definition.allowsBacktracking,
                let witness = check.witness(pattern)
            else { return nil }
            return CatastrophicPattern(
                rule: pattern.rule,
                key: pattern.key,
                witness: String(decoding: witness, as: UTF8.self)
            )
        }
    }
}

/// A target's name that makes the pattern of a pool hit its match limit.
package struct CatastrophicPoolPattern: Sendable {
    package let pool: Int
    package let witness: String
}

extension PoolTable {
    /// The patterns that backtrack without end on some target's name.
    package func catastrophicPatterns() -> [CatastrophicPoolPattern] {
        let check = BacktrackingCheck()
        return patterns.compactMap { pattern, pool in
            check.witness(target: pattern).map {
                CatastrophicPoolPattern(pool: pool.index, witness: String(decoding: $0, as: UTF8.self))
            }
        }
    }
}
