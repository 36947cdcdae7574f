/// A key that had another name in an earlier version. A file that still has the old name gets an
/// error that names the new one.
struct RenamedKey: Sendable {
    /// The mapping that had the key, as messages call it: "a rule".
    let mapping: String
    let old: String
    let new: String
    /// What else the writer of the file should know.
    let hint: String

    static let all = [
        RenamedKey(
            mapping: "a rule",
            old: "allow",
            new: "endpoint_networks",
            hint:
                "it restricts the addresses that the target may have; to restrict clients, as nginx's `allow` does, use `clients`"
        ),
        RenamedKey(
            mapping: "a rule file",
            old: "trusted_downstreams",
            new: "trusted_proxies",
            hint: "rename the key; its value keeps its meaning"
        ),
    ]

    /// Nil: `name` was never a key of `mapping`.
    static func find(_ name: String, in mapping: String) -> RenamedKey? {
        all.first { $0.old == name && $0.mapping == mapping }
    }
}
