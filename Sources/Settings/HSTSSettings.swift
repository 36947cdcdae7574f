/// `hsts` of a listener's `tls`: `Strict-Transport-Security` (RFC 6797), which makes browsers use HTTPS alone.
package struct HSTSSettings: SettingGroup, Hashable {
    package var maxAge: Duration = .seconds(365 * 86_400)
    package var includesSubdomains = false
    package var preload = false

    package init() {}

    package static let name = "hsts"

    package static let settings: [Setting<HSTSSettings>] = [
        Setting(
            "max_age",
            .duration(\.maxAge, zero: true),
            "How long browsers use HTTPS alone for a host, from each response on. `0` ends it."
        ),
        Setting(
            "include_subdomains",
            .flag(\.includesSubdomains),
            "Also for all hosts below it."
        ),
        Setting(
            "preload",
            .flag(\.preload),
            "Permits that browsers ship with the host in their list. Needs `include_subdomains` and a `max_age` of a year."
        ),
    ]

    /// The field's value: `max-age=31536000; includeSubDomains`.
    package var fieldValue: String {
        "max-age=\(maxAge.components.seconds)" + (includesSubdomains ? "; includeSubDomains" : "")
            + (preload ? "; preload" : "")
    }
}
