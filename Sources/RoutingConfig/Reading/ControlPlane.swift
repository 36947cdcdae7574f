package import Routing
package import Settings

/// Where the registries and DNS servers are that a configuration names.
package struct ControlPlane: Sendable {
    /// Those that are written as addresses, and `localhost`.
    package private(set) var endpoints: [Endpoint] = []
    /// Those that are written as host names.
    package private(set) var hosts: [(name: String, port: UInt16)] = []

    package init(_ sources: [NameSourceSettings]) {
        for source in sources {
            switch source {
            case .etcd(let settings, _): add(settings.cluster)
            case .dns(_, let servers, _):
                for server in servers ?? [] {
                    endpoints.append(Endpoint(address: server.address, port: server.port ?? Self.dnsPort))
                }
            // A Unix socket is not an address that a name can lead to.
            case .pools, .static, .hostsFile, .containers, .system: break
            }
        }
    }

    /// A DNS server's port, where none is written.
    private static let dnsPort: UInt16 = 53

    /// Adds the members of a cluster.
    package mutating func add(_ cluster: EtcdCluster) {
        for url in cluster.endpoints {
            let isTLS = url.hasPrefix("https://")
            guard isTLS || url.hasPrefix("http://") else { continue }
            var rest = String(url.dropFirst(isTLS ? 8 : 7))
            if rest.hasSuffix("/") { rest.removeLast() }
            let port: UInt16 = isTLS ? 443 : 80
            if let endpoint = Endpoint(rest) {
                endpoints.append(endpoint)
            } else if let address = IPAddress(rest) {
                endpoints.append(Endpoint(address: address, port: port))
            } else if let host = try? HostName(rest) {
                add(host, port: host.port ?? port)
            }
        }
    }

    private mutating func add(_ host: HostName, port: UInt16) {
        let literal = host.text.hasPrefix("[") ? String(host.text.dropFirst().dropLast()) : host.text
        if let address = IPAddress(literal) {
            endpoints.append(Endpoint(address: address, port: port))
        } else if host.text == "localhost" {
            for text in ["127.0.0.1", "::1"] {
                if let address = IPAddress(text) { endpoints.append(Endpoint(address: address, port: port)) }
            }
        } else {
            hosts.append((host.text, port))
        }
    }
}
