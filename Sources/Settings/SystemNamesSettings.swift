/// `system`: how the system's own resolver is used, and how long its answers are good.
package struct SystemNamesSettings: SettingGroup, Hashable {
    package var threads = 4
    package var ttl: Duration = .seconds(30)
    package var negativeTTL: Duration = .seconds(5)
    package var maxStale: Duration = .seconds(3600)

    package init() {}

    package static let name = "system"

    package static let settings: [Setting<SystemNamesSettings>] = [
        Setting(
            "threads",
            .count(\.threads, unit: "threads", range: 1...64),
            "Lookups at one time, each on a thread of its own."
        ),
        Setting(
            "ttl",
            .duration(\.ttl, zero: false),
            "The life of an answer: the system does not report its TTL."
        ),
        Setting(
            "negative_ttl",
            .duration(\.negativeTTL, zero: false),
            "The life of the answer that a name does not exist."
        ),
        Setting(
            "max_stale",
            .duration(\.maxStale, zero: true),
            "How long an expired answer stays in force while the resolver fails."
        ),
    ]
}
