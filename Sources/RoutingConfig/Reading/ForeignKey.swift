/// A key that another proxy has, or that is often expected, and what it is called here: for the hint of an unknown key.
struct ForeignKey: Sendable {
    /// The mapping that does not have the key, as messages call it: "a pool".
    let mapping: String
    let keys: [String]
    let hint: String

    private static let all = [
        ForeignKey(
            mapping: "a rule file",
            keys: ["upstreams", "upstream", "backends", "backend", "clusters", "balancers", "services"],
            hint: "groups of endpoints are `pools`: - { name: api, endpoints: [10.0.0.2:8080] }"
        ),
        ForeignKey(
            mapping: "a rule file",
            keys: [
                "listen", "listener", "bind", "tls", "ssl", "ssl_certificate", "certificates", "entrypoints",
            ],
            hint: "write it as `listeners: [{ address: '0.0.0.0:443', tls: { certificates: … } }]`"
        ),
        ForeignKey(
            mapping: "a rule file",
            keys: ["tap", "tap_log", "tap_file"],
            hint: "write `tap` in each rule whose requests are recorded; the file is `--tap-log` of the tier"
        ),
        ForeignKey(
            mapping: "`access_log`",
            keys: ["file", "path", "format", "destination", "rotate"],
            hint: "they are options of the tier: --access-log, --log-format, --access-log-rotate"
        ),
        ForeignKey(
            mapping: "`tap`",
            keys: ["file", "path", "log", "destination"],
            hint: "the file is an option of the tier: --tap-log FILE"
        ),
        ForeignKey(
            mapping: "a listener",
            keys: ["listen", "bind", "port", "addr", "host"],
            hint: "write address and port as `address: '0.0.0.0:443'`"
        ),
        ForeignKey(
            mapping: "a listener",
            keys: ["ssl", "https", "certificates", "certificate", "cert", "key"],
            hint: "write it as `tls: { certificates: [{ cert: star.pem, key: star.key }] }`"
        ),
        ForeignKey(
            mapping: "a listener",
            keys: ["redirect", "https_redirect", "ssl_redirect", "force_https"],
            hint: "write `redirect_to_https: true`"
        ),
        ForeignKey(
            mapping: "`tls`",
            keys: ["cert", "key", "certificate", "cert_file", "key_file", "ssl_certificate"],
            hint: "write it as `certificates: [{ cert: star.pem, key: star.key }]`"
        ),
        ForeignKey(
            mapping: "a certificate",
            keys: ["certificate", "cert_file", "crt", "fullchain", "pem", "file"],
            hint: "write it as { cert: star.pem, key: star.key }"
        ),
        ForeignKey(
            mapping: "a pool",
            keys: ["server", "servers", "upstreams", "backends", "targets", "addresses", "to"],
            hint: "write the addresses as `endpoints: [10.0.0.2:8080, 10.0.0.3:8080]`"
        ),
        ForeignKey(
            mapping: "a pool",
            keys: [
                "round_robin", "least_conn", "least_connections", "least_time", "ip_hash", "random", "maglev",
                "method", "lb_policy", "policy", "algorithm", "strategy",
            ],
            hint: "write the method as `balance: least_conn`"
        ),
        ForeignKey(
            mapping: "a pool",
            keys: ["hash"],
            hint: "write `balance: hash`, and the key as `hash_key: '${uri}'`"
        ),
        ForeignKey(
            mapping: "a pool",
            keys: ["health_check", "health_checks", "healthcheck", "check", "probe"],
            hint: "write it as `health: { path: /healthz }`"
        ),
        ForeignKey(
            mapping: "a pool",
            keys: ["proxy_next_upstream", "next_upstream", "retry", "retry_if"],
            hint:
                "write what is tried again as `retry_on: [502, 503]`, and bounds as `retries: { attempts: 3 }`"
        ),
        ForeignKey(
            mapping: "a pool",
            keys: ["pattern", "host", "names"],
            hint: "write `name: api` for one target, or `match: '~^api_'` for many"
        ),
        ForeignKey(
            mapping: "a pool",
            keys: ["sticky_session", "session_affinity", "affinity", "cookie", "stick"],
            hint: "write it as `sticky: { cookie: berth }`"
        ),
        ForeignKey(
            mapping: "a pool",
            keys: ["backup", "down", "drain"],
            hint: "it belongs to an endpoint: endpoints: [{ address: 10.0.0.2:8080, backup: true }]"
        ),
        ForeignKey(
            mapping: "a pool",
            keys: ["split_clients", "weighted", "weighted_clusters", "canary", "traffic_split", "parts"],
            hint: "write it as `split: [{ to: shop-v1, weight: 90 }, { to: shop-v2, weight: 10 }]`"
        ),
        ForeignKey(
            mapping: "a pool",
            keys: ["fallback", "use_backup", "backup_pool", "failover_to"],
            hint: "write the target that takes over as `failover: shop-backup`"
        ),
        ForeignKey(
            mapping: "an item of `split`",
            keys: ["service", "cluster", "name", "target", "pool", "backend"],
            hint: "write the target as `to: shop-v1`"
        ),
        ForeignKey(
            mapping: "an endpoint",
            keys: ["server", "host", "port", "url", "ip", "endpoint"],
            hint: "write address and port as `address: 10.0.0.2:8080`"
        ),
        ForeignKey(
            mapping: "`health`",
            keys: ["uri", "url"],
            hint: "write the path as `path: /healthz`"
        ),
        ForeignKey(
            mapping: "`health`",
            keys: ["statuses", "match", "expect", "expect_status", "expected_status"],
            hint: "write the healthy statuses as `status: [200, 204]`, and a pattern of the body as `body`"
        ),
        ForeignKey(
            mapping: "`health`",
            keys: ["passes", "healthy_threshold", "successes"],
            hint: "write it as `rise: 2`"
        ),
        ForeignKey(
            mapping: "`health`",
            keys: ["fails", "unhealthy_threshold", "failures"],
            hint: "write it as `fall: 3`"
        ),
        ForeignKey(
            mapping: "`retries`",
            keys: ["tries", "count", "num_retries", "max"],
            hint: "write it as `attempts: 3`: the first one counts"
        ),
    ]

    /// Nil: `name` is not known from elsewhere.
    static func hint(_ name: String, in mapping: String) -> String? {
        all.first { $0.mapping == mapping && $0.keys.contains(name) }?.hint
    }
}
