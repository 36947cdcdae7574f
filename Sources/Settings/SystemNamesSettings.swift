/// `system`: how the system's own resolver is used, and how long its answers are good.
package struct SystemNamesSettings: SettingGroup, Hashable {
    package var threads = 4
    package var ttl: Duration = .seconds(30)
    package var negativeTTL: Duration = .seconds(5)
    package var timeout: Duration = .seconds(5)
    package var maxStale: Duration = .seconds(3600)
    /// Nil: another name that had an answer.
    package var witness: String?

    package init() {}

    package static let name = "system"

    package static let settings: [Setting<SystemNamesSettings>] = [
        Setting(
            "threads",
            .count(\.threads, unit: "threads", range: 1...64),
            "Lookups of new names at one time, each on a thread of its own. As many more refresh known names."
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
            "timeout",
            .duration(\.timeout, zero: false),
            "The time for one lookup, with its wait for a thread. A later result is used when it arrives."
        ),
        Setting(
            "max_stale",
            .duration(\.maxStale, zero: true),
            "How long an expired answer stays in force while the resolver fails."
        ),
        Setting(
            "witness",
            .special(type: "name"),
            unset: "other names that had an answer",
            "A name that always exists in the same directory (NIS, LDAP) as the others. While it is not found, no other name counts as removed."
        ),
    ]
}
