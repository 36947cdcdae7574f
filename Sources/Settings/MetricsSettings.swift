/// `metrics` of a rule file: what is counted, and how many series there may be.
package struct MetricsSettings: SettingGroup, Hashable {
    /// Paths of requests that are not counted, each with its `/`.
    package var excludedPaths: [String] = []
    package var topHosts = 100
    package var rules = 1000
    package var endpoints = 1000
    /// Nil: no ledger is kept.
    package var ledger: LedgerSettings?

    package init() {}

    package static let name = "metrics"

    package static let settings: [Setting<MetricsSettings>] = [
        Setting(
            "exclude",
            .list(of: "paths", example: "/healthz", count: 0...100),
            "Requests for these paths, with any query, are counted in `berth_requests_excluded_total` alone."
        ),
        Setting(
            "top_hosts",
            .count(\.topHosts, unit: "hosts", range: 10...1000),
            "The hosts in each list of `berth top`. Each event loop keeps 6 lists, with 400 bytes for a host."
        ),
        Setting(
            "rules",
            .count(\.rules, unit: "rules", range: 0...100_000),
            "The rules that have series of their own, in the order in which they got requests. The rest is summed up under `rule=\"other\"`."
        ),
        Setting(
            "endpoints",
            .count(\.endpoints, unit: "endpoints", range: 0...100_000),
            "The endpoints that have series of their own. The rest is summed up under `endpoint=\"other\"`."
        ),
        Setting(
            "ledger",
            .special(type: "mapping"),
            "A file with exact counts for each name. See [`ledger`](#ledger)."
        ),
    ]
}
