import PCRE2
import PatternLanguages
import Routing
import RoutingConfig

/// Pools whose targets all belong to others: exact names come first, then patterns in their order.
struct PoolShadowing {
    let context: LintContext
    let pools: [PoolView]

    /// Reports the pool at a position if no target is left for it.
    ///
    /// - Returns: whether it was reported.
    func check(_ position: Int) -> Bool {
        let pool = pools[position]
        // A name comes before every pattern, and another pool with the same name is an error.
        guard let pattern = pool.pattern, !pattern.text.contains(":"), let names = pool.holding,
            case .found(let example) = HostSearch(inside: [names]).find()
        else { return false }
        let scratch = MatchScratch()
        let others = pools.enumerated().filter { index, other in
            guard other.language != nil else { return false }
            return other.pattern == nil ? pool.accepts(other.pool.name, scratch: scratch) : index < position
        }.map(\.element)
        guard !others.isEmpty, others.count <= LintBounds.targetLanguages else { return false }
        for other in others where covers([other], names) { return report(pool, [other], example) }
        guard others.count <= LintBounds.takers, covers(others, names) else { return false }
        return report(pool, needed(others, names), example)
    }

    private func covers(_ others: [PoolView], _ names: Language) -> Bool {
        HostSearch(inside: [names], outside: others.compactMap(\.language)).find() == .none
    }

    /// Those without which a name would be left.
    private func needed(_ others: [PoolView], _ names: Language) -> [PoolView] {
        var needed = others
        for other in others where needed.count > 1 {
            let rest = needed.filter { $0 !== other }
            if covers(rest, names) { needed = rest }
        }
        return needed
    }

    private func report(_ pool: PoolView, _ takers: [PoolView], _ example: [UInt8]) -> Bool {
        let names = takers.prefix(3).map { context.named($0.pool, seenFrom: pool.pool) }
        let rest = takers.count > 3 ? " and \(takers.count - 3) more" : ""
        context.report(
            .shadowedPool,
            pool.pool,
            key: "match",
            "pool `\(pool.pool.name)` has no target: every name that it matches, e.g. `\(example.text)`, belongs to "
                + names.joined(separator: ", ") + rest,
            hint: "a pool with the name comes first, then the first pattern that matches: move this pool up, "
                + "or remove it"
        )
        return true
    }
}
