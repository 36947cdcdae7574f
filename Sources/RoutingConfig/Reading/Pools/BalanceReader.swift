import Balancing
import Routing

/// Reads how a pool chooses: `balance` and the keys that belong to it.
struct BalanceReader {
    let reader: NodeReader

    /// The values of `balance`.
    static let methods: [(name: String, method: BalancingMethod)] = [
        ("round_robin", .roundRobin), ("least_conn", .leastConnections), ("ip_hash", .ipHash),
        ("hash", .hash(consistent: false)), ("maglev", .maglev), ("least_time", .leastTime(.header)),
        ("least_time header", .leastTime(.header)), ("least_time last_byte", .leastTime(.lastByte)),
        ("random", .random(two: false)), ("random two", .random(two: true)),
    ]

    /// Words of nginx, HAProxy, Envoy, Traefik and Caddy.
    private static let foreign = [
        "least_connections": "least_conn", "leastconn": "least_conn", "least_request": "least_conn",
        "least_requests": "least_conn", "wrr": "round_robin", "weighted_round_robin": "round_robin",
        "static-rr": "round_robin", "roundrobin": "round_robin", "rr": "round_robin", "source": "ip_hash",
        "client_ip_hash": "ip_hash", "p2c": "random two", "random_choose": "random two",
        "random two least_conn": "random two", "random_two": "random two",
        "least_time response_time": "least_time last_byte", "ewma": "least_time",
        "consistent_hash": "hash` with `consistent: true", "ring_hash": "hash` with `consistent: true",
        "ketama": "hash` with `consistent: true", "hrw": "maglev", "rendezvous_hash": "maglev",
        "uri_hash": "hash` with `hash_key: '${path}'", "uri": "hash` with `hash_key: '${uri}'",
    ]

    /// The percentages of `hash_balance_factor`.
    static let balanceFactors = 101...65_535

    func read(_ given: [String: YAMLNode], _ pairs: [YAMLNode.Pair], into pool: inout PoolDefinition) {
        var method: BalancingMethod? = .roundRobin
        if let node = given["balance"] { method = self.method(node) }
        // What a misspelled method needs, nobody knows: the rest is not compared with it.
        guard var method else { return }
        if let node = given["consistent"], let isConsistent = reader.flag(node, "`consistent`") {
            if case .hash = method {
                method = .hash(consistent: isConsistent)
            } else {
                let hint =
                    method == .maglev
                    ? "`maglev` always is consistent: remove the key" : "it belongs to `balance: hash`"
                let key = pairs.first { $0.key.text == "consistent" }?.key ?? node
                reader.report(
                    .conflictingKeys,
                    key,
                    "`consistent` has no effect with this method",
                    hint: hint
                )
            }
        }
        pool.settings.method = method
        if let node = given["hash_key"], let text = reader.text(node, "`hash_key`") { pool.hashKey = text }
        readBalanceFactor(given, pairs, method, into: &pool)
    }

    private func readBalanceFactor(
        _ given: [String: YAMLNode],
        _ pairs: [YAMLNode.Pair],
        _ method: BalancingMethod,
        into pool: inout PoolDefinition
    ) {
        guard let node = given["hash_balance_factor"],
            let percent = reader.integer(node, "`hash_balance_factor`", in: Self.balanceFactors)
        else { return }
        if method.usesKey {
            pool.settings.hashBalanceFactor = percent
        } else {
            let key = pairs.first { $0.key.text == "hash_balance_factor" }?.key ?? node
            reader.report(
                .conflictingKeys,
                key,
                "`hash_balance_factor` has no effect with this method",
                hint: "it belongs to `balance: hash`, `maglev` and `ip_hash`"
            )
        }
    }

    private func method(_ node: YAMLNode) -> BalancingMethod? {
        guard let text = reader.text(node, "`balance`") else { return nil }
        let words = text.split(separator: " ").joined(separator: " ")
        if let known = Self.methods.first(where: { $0.name == words }) { return known.method }
        let names = Self.methods.map(\.name)
        let hint: String
        if let meant = Self.foreign[words.lowercased()] {
            hint = "write `\(meant)`"
        } else if words.hasPrefix("hash ") {
            hint = "write `balance: hash`, and the key in `hash_key`"
        } else if let near = Suggestion.nearest(to: words, in: names) {
            hint = "did you mean `\(near)`?"
        } else {
            hint = "known methods: " + names.joined(separator: ", ")
        }
        reader.report(.badValue, node, "`\(YAMLNode.shortened(text))` is not a balancing method", hint: hint)
        return nil
    }
}
