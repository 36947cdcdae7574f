/// `metrics.ledger`: exact counts for each captured name, in a file.
package struct LedgerSettings: SettingGroup, Hashable {
    package var file: String?
    package var by: String?
    package var every: Duration = .seconds(3600)
    package var names = 10_000

    package init() {}

    package static let name = "ledger"

    package static let settings: [Setting<LedgerSettings>] = [
        Setting(
            "file",
            .path(\.file),
            unset: "required",
            "The file that lines are appended to. It is created if it is missing, and opened again on SIGUSR1."
        ),
        Setting(
            "by",
            .text(\.by),
            unset: "required",
            "The name of a capture of the rules, such as `container`; or `target`, for the target's name."
        ),
        Setting(
            "every",
            .duration(\.every, zero: false),
            "The interval of the counts. Intervals begin at multiples of it (UTC)."
        ),
        Setting(
            "names",
            .count(\.names, unit: "names", range: 1...1_000_000),
            "The names that an interval may have. What others count is summed up in a line with `\"overflow\":true`."
        ),
    ]
}
