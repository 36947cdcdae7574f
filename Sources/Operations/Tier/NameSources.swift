import ContainerNames
import DNSNames
import EtcdClient
import EtcdNames
package import Names
package import NIOCore
import NIOPosix
import Routing
import RegistryClient
package import RoutingConfig
import Settings

/// Makes the name sources of a rule file. A directory starts them.
package struct NameSources: Sendable {
    /// The loops for sources that use the network.
    package let group: any EventLoopGroup
    /// The folder where sources keep their last names for the next start; nil: they keep none.
    package let stateDirectory: String?
    /// Sources of the tier itself, before those of the rule files.
    let first: [NameSource]
    /// The source of what is deployed through registries, where there are any.
    let records: NameSource?

    package init(
        group: any EventLoopGroup,
        stateDirectory: String? = nil,
        first: [NameSource] = [],
        records: NameSource? = nil
    ) {
        self.records = records
        self.group = group
        self.stateDirectory = stateDirectory
        self.first = first
    }

    /// The default port of a DNS server.
    private static let dnsPort: UInt16 = 53

    /// Uses the process's shared loops, which serve no requests.
    package static let shared = NameSources(group: MultiThreadedEventLoopGroup.singleton)

    /// - Throws: if a source cannot be set up.
    package func make(_ settings: [NameSourceSettings]) throws(NameSourceError) -> [NameSource] {
        var sources = first
        if let records, !RegistryControl.clusters(settings).isEmpty { sources.append(records) }
        for one in settings { sources.append(try make(one)) }
        return sources
    }

    private func make(_ settings: NameSourceSettings) throws(NameSourceError) -> NameSource {
        switch settings {
        case .pools(let pools, origin: _):
            return .pools(pools)
        case .static(let names, origin: _):
            var known: [String: [NamedAddress]] = [:]
            for name in names {
                known[name.name] = name.endpoints.map { NamedAddress(address: $0.address, port: $0.port) }
            }
            return .fixed(known)
        case .hostsFile(let path, origin: _):
            return .hostsFile(path: path)
        case .etcd(let etcd, let origin):
            return try make(etcd, origin)
        case .containers(let containers, origin: _):
            return NameSource(
                label: "containers \(containers.socket)",
                key: .settings("\(containers)"),
                kind: .live(ContainerNames(containers)),
                maxStale: containers.maxStale,
                isLocal: true
            )
        case .dns(let settings, let servers, origin: _):
            let endpoints = servers?.map { Endpoint(address: $0.address, port: $0.port ?? Self.dnsPort) }
            return .dns(DNSOptions(settings, servers: endpoints))
        case .system(let settings, origin: _):
            return .system(settings)
        }
    }

    private func make(_ etcd: EtcdSettings, _ origin: SourceLocation) throws(NameSourceError) -> NameSource {
        do throws(RegistryError) {
            return NameSource(
                label: etcd.cluster.label,
                key: .settings("\(etcd)"),
                kind: .live(
                    try EtcdNames(
                        etcd.cluster,
                        maxEndpoints: etcd.maxEndpoints,
                        stateDirectory: stateDirectory
                    )
                ),
                maxStale: etcd.maxStale
            )
        } catch {
            throw NameSourceError(path: "\(origin)", reason: error.description)
        }
    }
}
