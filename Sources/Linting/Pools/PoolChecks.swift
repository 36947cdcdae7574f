import Balancing
import PCRE2
import PatternLanguages
import Routing
import RoutingConfig
import Settings

/// Pools that no request gets to, and retries that cannot happen.
struct PoolChecks {
    let context: LintContext

    func run() {
        let table = context.table.pools
        if table.pools.isEmpty { return }
        let patterns = Dictionary(table.patterns.map { ($0.pool.index, $0.pattern) }) { first, _ in first }
        let pools = table.pools.map { PoolView($0, pattern: patterns[$0.index]) }
        let targets = PossibleTargets(context)
        let shadowing = PoolShadowing(context: context, pools: pools)
        for (position, pool) in pools.enumerated() {
            if shadowing.check(position) { continue }
            if !isUsed(pool, targets) { reportUnused(pool, targets) }
        }
        let names = context.staticNames
        for pool in table.pools {
            checkRetryTime(pool)
            checkQueue(pool)
            if let names { checkOthers(of: pool, names) }
        }
    }

    // MARK: Other targets

    /// A target that a pool leads to, and that no source has.
    private func checkOthers(of pool: Pool, _ names: Set<String>) {
        for (key, name) in pool.others {
            guard let fixed = name.fixed, !names.contains(fixed) else { continue }
            let near = Suggestion.nearest(to: fixed, in: names.sorted())
            context.report(
                .unknownTarget,
                pool,
                key: key,
                "no name source has `\(fixed)`: all of them are static",
                hint: near.map { "did you mean `\($0)`?" }
                    ?? "add the name to `names`, or write a pool `\(fixed)` with `endpoints`"
            )
        }
    }

    // MARK: Use

    /// Whether a rule may lead to a target of the pool.
    private func isUsed(_ pool: PoolView, _ targets: PossibleTargets) -> Bool {
        if targets.areUnbounded { return true }
        let scratch = MatchScratch()
        if targets.names.contains(where: { pool.accepts($0, scratch: scratch) }) { return true }
        if targets.languages.isEmpty { return false }
        if pool.pattern == nil {
            return targets.languages.contains { (try? $0.contains(pool.pool.name.utf8)) ?? true }
        }
        guard let names = pool.holding else { return true }
        return targets.languages.contains { HostSearch(inside: [names, $0]).find() != .none }
    }

    private func reportUnused(_ view: PoolView, _ targets: PossibleTargets) {
        let pool = view.pool
        let near = Suggestion.nearest(to: pool.name, in: targets.names.sorted())
        context.report(
            .unusedPool,
            pool,
            key: view.key,
            "no rule leads to pool `\(pool.name)`: the `to` of none can give \(view.pattern == nil ? "this" : "such a") name",
            hint: near.map { "did you mean `\($0)`?" }
                ?? "write the name as the `to` of a rule gives it, or remove the pool"
        )
    }

    // MARK: Retries

    /// A pool's retries end before one attempt to connect may.
    private func checkRetryTime(_ pool: Pool) {
        guard let total = pool.settings.retries.totalTime else { return }
        let connect = context.inspected.configuration.timeouts.connect
        // Which rules lead to the pool is not always known: the shortest time of any rule counts.
        let shortest = context.rules.lazy.compactMap(\.definition.timeouts.connect).min()
        let limit = min(connect, shortest ?? connect)
        guard total < limit else { return }
        context.report(
            .retryTime,
            pool,
            key: "retries.total_time",
            "`total_time` (\(Self.words(total))) is below the connect timeout (\(Self.words(limit))): after an endpoint "
                + "that does not respond, no other one is tried",
            hint: "raise it, or lower `timeouts.connect`"
        )
    }

    // MARK: Queues

    /// A pool's requests wait for a place, and nothing limits how many have one.
    private func checkQueue(_ pool: Pool) {
        guard pool.settings.queue != nil, pool.settings.maxRequests == nil,
            context.inspected.configuration.limits.connectionsPerTarget == nil
        else { return }
        let all = pool.members.isEmpty ? [pool.settings.endpoint] : pool.members.map(\.settings)
        let used = all.filter { $0.administrativeState != .down }
        // One endpoint without a limit takes all requests.
        guard used.contains(where: { $0.maxConnections == nil }) else { return }
        context.report(
            .unlimitedQueue,
            pool,
            key: "queue",
            "no request of pool `\(pool.name)` waits: nothing limits how many run at a time",
            hint: "add `max_requests: 50`, or `max_conns` for each endpoint, or remove `queue`"
        )
    }

    /// `500ms`, `5s`.
    private static func words(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        return milliseconds == 0 ? "\(seconds)s" : "\(seconds * 1000 + milliseconds)ms"
    }
}
