import Balancing
import Routing

/// Reads one pool of a file: its keys and their types. The compiler checks its name, its pattern and its key.
package struct PoolReader {
    let reader: NodeReader

    package static let keys =
        ["name", "match", "endpoints", "balance", "hash_key", "consistent", "hash_balance_factor", "sticky"]
        + PoolEndpointReader.settings + [
            "health", "all_down", "max_requests", "queue", "retry_on", "retries", "split", "failover",
            "trusted_tier",
        ]

    /// - Returns: nil when it is not a mapping, or nothing says which targets it is for. A pool with errors is
    ///   returned as far as it could be read, so that its other parts are checked too.
    func pool(_ node: YAMLNode) -> PoolDefinition? {
        guard let pairs = reader.mapping(node, "a pool", known: Self.keys) else { return nil }
        var given: [String: YAMLNode] = [:]
        for pair in pairs {
            if let key = pair.key.text, given[key] == nil { given[key] = pair.value }
        }
        let selector = selector(given, of: node)
        var pool = PoolDefinition(selector ?? .name(""), origin: reader.origin(of: node))
        BalanceReader(reader: reader).read(given, pairs, into: &pool)
        if let sticky = given["sticky"] { pool.settings.sticky = StickyReader(reader: reader).sticky(sticky) }
        let endpoints = PoolEndpointReader(reader: reader)
        endpoints.read(given, "a pool", into: &pool.settings.endpoint)
        if let list = given["endpoints"] {
            pool.endpoints = endpoints.endpoints(list, defaults: pool.settings.endpoint)
        }
        if let health = given["health"] {
            pool.settings.check = HealthCheckReader(reader: reader).check(health)
        }
        if let word = given["all_down"], let value = allDown(word) { pool.settings.allDown = value }
        let queues = QueueReader(reader: reader)
        if let limit = given["max_requests"] { pool.settings.maxRequests = queues.maxRequests(limit) }
        if let queue = given["queue"] { pool.settings.queue = queues.queue(queue) }
        let retries = RetryReader(reader: reader)
        if let list = given["retry_on"] { pool.settings.retries.conditions = retries.conditions(list) }
        if let mapping = given["retries"] { retries.read(mapping, into: &pool.settings.retries) }
        if let split = given["split"] { pool.split = SplitReader(reader: reader).split(split, pairs) }
        if let target = given["failover"] { pool.failover = reader.text(target, "`failover`") }
        if let flag = given["trusted_tier"] {
            pool.settings.retries.trustedTier = reader.flag(flag, "`trusted_tier`") ?? false
            reportUselessTrust(flag, pool.settings.retries)
        }
        return selector == nil ? nil : pool
    }

    private func selector(_ given: [String: YAMLNode], of pool: YAMLNode) -> PoolDefinition.Selector? {
        switch (given["name"], given["match"]) {
        case (let name?, nil):
            return reader.text(name, "`name`").map { .name($0) }
        case (nil, let match?):
            return reader.text(match, "`match`").map { .match($0) }
        case (_?, let match?):
            reader.report(
                .conflictingKeys,
                match,
                "a pool has either `name` or `match`",
                hint: "write two pools: one for the name, one for the pattern"
            )
        case (nil, nil):
            reader.report(
                .missingKey,
                pool,
                "this pool has neither `name` nor `match`",
                hint:
                    "write the target that a rule's `to` leads to, `name: api`, or a pattern, `match: '~^api_'`"
            )
        }
        return nil
    }

    /// Who may be tried once only is never sent elsewhere.
    private func reportUselessTrust(_ node: YAMLNode, _ retries: RetrySettings) {
        guard retries.trustedTier, retries.attempts < 2 else { return }
        reader.report(
            .conflictingKeys,
            node,
            "`trusted_tier` has no effect with `attempts: 1`",
            hint: "raise `retries.attempts`, or remove `trusted_tier`"
        )
    }

    private func allDown(_ node: YAMLNode) -> PoolSettings.AllDown? {
        guard let text = reader.text(node, "`all_down`") else { return nil }
        if let value = PoolSettings.AllDown(rawValue: text) { return value }
        reader.report(
            .badValue,
            node,
            "`all_down` must be `try` or `refuse`, not `\(YAMLNode.shortened(text))`",
            hint: "`try` sends the request to an endpoint all the same; `refuse` responds with 503"
        )
        return nil
    }
}
