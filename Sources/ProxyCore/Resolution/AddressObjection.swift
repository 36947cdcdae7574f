import Routing

/// Why Berth does not connect to an address. The raw value is the word in the access log (`detail`).
package enum AddressObjection: String, Sendable {
    case unspecified = "unspecified_address"
    case linkLocal = "link_local_address"
    case multicast = "multicast_address"
    case broadcast = "broadcast_address"
    case metadata = "cloud_metadata_address"
    case noPort = "port_0"
    case ownListener = "own_address"
    case controlPlane = "registry_address"
    case otherNetwork = "outside_endpoint_networks"

    /// Nil where the address may be a container's.
    init?(_ address: IPAddress) {
        switch address.classification {
        case .unspecified: self = .unspecified
        case .linkLocal: self = .linkLocal
        case .multicast: self = .multicast
        case .broadcast: self = .broadcast
        case .metadata: self = .metadata
        case .loopback, .private, .reserved, .global: return nil
        }
    }

    /// For people who write rules.
    package var words: String {
        switch self {
        case .unspecified: "unspecified address"
        case .linkLocal: "link-local address"
        case .multicast: "multicast address"
        case .broadcast: "broadcast address"
        case .metadata: "cloud metadata address"
        case .noPort: "port 0"
        case .ownListener: "an address of this proxy itself"
        case .controlPlane: "an address of a registry, a DNS server or the admin interface of this proxy"
        case .otherNetwork: "outside the rule's endpoint_networks"
        }
    }
}
