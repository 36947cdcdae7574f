import Glibc
import Proxy
import Routing
import SystemSupport

/// Registries that a configuration names by host names: where they are is known only when the names are resolved.
enum RegistryHosts {
    /// Resolves the names on a thread of its own, as the clients of the registries do, and has the tier refuse to
    /// connect to what they lead to.
    static func protect(_ hosts: [(name: String, port: UInt16)], by tier: Tier) {
        guard !hosts.isEmpty else { return }
        BlockingThread.start { tier.protect(hosts.flatMap(endpoints)) }
    }

    private static func endpoints(_ name: String, _ port: UInt16) -> [Endpoint] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var endpoints: [Endpoint] = []
        var next = first
        while let node = next {
            if let address = address(node.pointee) {
                endpoints.append(Endpoint(address: address, port: port))
            }
            next = node.pointee.ai_next
        }
        return endpoints
    }

    private static func address(_ info: addrinfo) -> IPAddress? {
        guard let name = info.ai_addr else { return nil }
        let bytes = UnsafeRawBufferPointer(start: name, count: Int(info.ai_addrlen))
        switch info.ai_family {
        // sockaddr_in: family, port, address. sockaddr_in6: family, port, flow, address.
        case AF_INET where bytes.count >= 8: return IPAddress(networkBytes: Array(bytes[4..<8]))
        case AF_INET6 where bytes.count >= 24: return IPAddress(networkBytes: Array(bytes[8..<24]))
        default: return nil
        }
    }
}
