extension NameSource {
    /// Names written in the rule file itself.
    package static func fixed(_ names: [String: [NamedAddress]]) -> NameSource {
        NameSource(
            label: NameTable.writtenSource,
            key: .names(names),
            kind: .live(StaticNames(names: names)),
            isLocal: true
        )
    }

    /// A file in the format of hosts(5), read again whenever it changes.
    package static func hostsFile(path: String) -> NameSource {
        let label = "hosts_file \(path)"
        return NameSource(
            label: label,
            key: .settings(label),
            kind: .live(HostsFileNames(path: path)),
            isLocal: true
        )
    }
}

struct StaticNames: LiveNameSource {
    let names: [String: [NamedAddress]]

    func initialNames() -> [String: [NamedAddress]]? { names }
    func start(_ emit: @escaping @Sendable (NameSourceUpdate) -> Void) {}
    func stop() {}
}
