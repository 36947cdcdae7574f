/// `dns`: how DNS servers are queried, and how long their answers are good. Which servers these are is
/// not in here: see `servers` of the table.
package struct DNSSettings: SettingGroup, Hashable {
    /// Nil: those of resolv.conf.
    package var search: [String]?
    /// `_http._tcp`; nil: addresses are queried.
    package var srv: String?
    package var minTTL: Duration = .seconds(1)
    package var maxTTL: Duration = .seconds(3600)
    package var negativeTTL: Duration = .seconds(5)
    package var timeout: Duration = .seconds(1)
    package var attempts = 2
    package var maxStale: Duration = .seconds(3600)

    package init() {}

    package static let name = "dns"

    package static let settings: [Setting<DNSSettings>] = [
        Setting(
            "servers",
            .list(of: "addresses with or without port", example: "'127.0.0.1:53'", count: 1...32),
            unset: "those of `/etc/resolv.conf`",
            "The servers, queried in this order; the port is 53 where none is given."
        ),
        Setting(
            "search",
            .list(of: "domains", example: "test.priv", count: 0...32),
            unset: "those of `/etc/resolv.conf`",
            "The domains that are appended to a name."
        ),
        Setting(
            "srv",
            .special(type: "text, such as `_http._tcp`"),
            unset: "none: addresses are queried",
            "The service and protocol whose SRV records are queried."
        ),
        Setting(
            "min_ttl",
            .duration(\.minTTL, zero: true),
            "The shortest life of an answer, whatever its TTL."
        ),
        Setting(
            "max_ttl",
            .duration(\.maxTTL, zero: false),
            "The longest life of an answer, whatever its TTL."
        ),
        Setting(
            "negative_ttl",
            .duration(\.negativeTTL, zero: false),
            "The longest life of the answer that a name does not exist."
        ),
        Setting(
            "timeout",
            .duration(\.timeout, zero: false),
            "The wait for one answer of one server."
        ),
        Setting(
            "attempts",
            .count(\.attempts, unit: "queries to each server", range: 1...10),
            "How often each server is queried before a lookup fails."
        ),
        Setting(
            "max_stale",
            .duration(\.maxStale, zero: true),
            "How long an expired answer stays in force while no server responds."
        ),
    ]
}
