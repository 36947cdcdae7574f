package import Routing
package import Settings

/// A name source as a rule file defines it.
package enum NameSourceSettings: Sendable, Hashable {
    /// The pools that have endpoints of their own, by their names.
    case pools([String: [PoolEndpoint]], origin: SourceLocation)
    /// Names with their endpoints, in the file's order; names are lower case and unique.
    case `static`([StaticName], origin: SourceLocation)
    /// A file in the format of hosts(5). A relative `path` was resolved against the rule file's folder.
    case hostsFile(path: String, origin: SourceLocation)
    /// Keys below a prefix of an etcd cluster, watched.
    case etcd(EtcdSettings, origin: SourceLocation)
    /// The containers of an engine, watched.
    case containers(ContainersSettings, origin: SourceLocation)
    /// Queries to DNS servers: `servers`, or nil: those of resolv.conf.
    case dns(DNSSettings, servers: [EndpointSetting]?, origin: SourceLocation)
    /// Lookups by the system's own resolver (getaddrinfo).
    case system(SystemNamesSettings, origin: SourceLocation)

    package var origin: SourceLocation {
        switch self {
        case .pools(_, let origin), .static(_, let origin), .hostsFile(_, let origin), .etcd(_, let origin),
            .containers(_, let origin), .dns(_, _, let origin), .system(_, let origin):
            origin
        }
    }
}

extension NameSourceSettings {
    /// The pools that have endpoints of their own, as one source; empty: there are none.
    static func pools(_ table: PoolTable) -> [NameSourceSettings] {
        let pools = table.pools.filter { !$0.members.isEmpty }
        guard let first = pools.first else { return [] }
        let names = Dictionary(pools.map { ($0.name, $0.members) }) { first, _ in first }
        return [.pools(names, origin: first.origin ?? SourceLocation(file: "", line: 0, column: 0))]
    }
}

/// A name and its endpoints; at least one.
package struct StaticName: Sendable, Hashable {
    package let name: String
    package let endpoints: [EndpointSetting]

    package init(name: String, endpoints: [EndpointSetting]) {
        self.name = name
        self.endpoints = endpoints
    }
}

/// An address, with its port if it was written.
package struct EndpointSetting: Sendable, Hashable {
    package let address: IPAddress
    /// Nil: the port of the rule's `to` counts, or the default of whatever has the setting.
    package let port: UInt16?

    package init(address: IPAddress, port: UInt16? = nil) {
        self.address = address
        self.port = port
    }
}
