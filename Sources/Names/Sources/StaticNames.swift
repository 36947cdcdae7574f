import Balancing
package import Routing

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

    /// Pools of the rule file that have endpoints of their own, by their names.
    package static func pools(_ members: [String: [PoolEndpoint]]) -> NameSource {
        let names = members.mapValues { members in
            members.map { member in
                NamedAddress(
                    address: member.endpoint.address,
                    port: member.endpoint.port,
                    weight: member.settings.weight
                )
            }
        }
        return NameSource(
            label: "pools",
            key: .pools(names),
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
