import DNSNames
package import Names
package import NIOCore
import NIOPosix
import Routing
package import Registries
package import RoutingConfig

/// Makes the name sources that a rule file lists. Nothing runs until a directory starts them.
package struct NameSources: Sendable {
    /// For sources that talk over the network.
    package let group: any EventLoopGroup
    /// Where sources may keep their last names for the next start; nil: nowhere.
    package let stateDirectory: String?

    package init(group: any EventLoopGroup, stateDirectory: String? = nil) {
        self.group = group
        self.stateDirectory = stateDirectory
    }

    /// On the process's own loops, which serve no requests.
    package static let shared = NameSources(group: MultiThreadedEventLoopGroup.singleton)

    /// - Throws: `NameSourceError` where a source cannot be set up.
    package func make(_ settings: [NameSourceSettings]) throws(NameSourceError) -> [NameSource] {
        var sources: [NameSource] = []
        for one in settings { sources.append(try make(one)) }
        return sources
    }

    private func make(_ settings: NameSourceSettings) throws(NameSourceError) -> NameSource {
        switch settings {
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
                kind: .live(ContainersSource(socket: containers.socket, network: containers.network)),
                maxStale: containers.maxStale,
                isLocal: true
            )
        case .dns(let settings, origin: _):
            return .dns(DNSOptions(settings))
        case .system(let settings, origin: _):
            return .system(
                SystemNamesOptions(
                    threads: settings.threads,
                    ttl: settings.ttl,
                    negativeTTL: settings.negativeTTL,
                    maxStale: settings.maxStale
                )
            )
        }
    }

    private func make(_ etcd: EtcdSettings, _ origin: SourceLocation) throws(NameSourceError) -> NameSource {
        do throws(RegistryError) {
            return NameSource(
                label: "etcd \(etcd.prefix)",
                key: .settings("\(etcd)"),
                kind: .live(try EtcdSource(EtcdCluster(etcd), stateDirectory: stateDirectory)),
                maxStale: etcd.maxStale
            )
        } catch {
            throw NameSourceError(path: "\(origin)", reason: error.description)
        }
    }
}

extension EtcdCluster {
    package init(_ settings: EtcdSettings) {
        self.init(
            endpoints: settings.endpoints,
            prefix: settings.prefix,
            user: settings.user,
            passwordFile: settings.passwordFile,
            ca: settings.ca,
            certificate: settings.cert,
            key: settings.key
        )
    }
}

extension DNSOptions {
    /// The port of a server where none is given.
    private static let port: UInt16 = 53

    init(_ settings: DNSSettings) {
        self.init(
            servers: settings.servers?.map { Endpoint(address: $0.address, port: $0.port ?? Self.port) },
            search: settings.search,
            service: settings.srv,
            minTTL: settings.minTTL,
            maxTTL: settings.maxTTL,
            negativeTTL: settings.negativeTTL,
            timeout: settings.timeout,
            attempts: settings.attempts,
            maxStale: settings.maxStale
        )
    }
}
