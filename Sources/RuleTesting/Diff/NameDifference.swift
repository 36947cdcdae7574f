import Balancing
import Routing
import RoutingConfig

/// A name of a rule file, of `static` or of a pool, whose addresses change. Every route to it changes, whatever the host.
package struct NameDifference: Encodable, Sendable {
    package let name: String
    /// Empty: the rules do not define it.
    package let old: [String]
    package let new: [String]

    /// The differences between the written names of two configurations, in name order.
    static func of(_ old: Configuration, _ new: Configuration) -> [NameDifference] {
        let (before, after) = (names(old), names(new))
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            let (old, new) = (before[name] ?? [], after[name] ?? [])
            return old == new ? nil : NameDifference(name: name, old: old, new: new)
        }
    }

    private static func names(_ configuration: Configuration) -> [String: [String]] {
        var known: [String: [String]] = [:]
        // The first source that has a name is used.
        for source in configuration.names {
            switch source {
            case .pools(let pools, origin: _):
                for (name, members) in pools where known[name] == nil {
                    known[name] = members.map { member in
                        let weight = member.settings.weight
                        return "\(member.endpoint)" + (weight == 1 ? "" : " (weight \(weight))")
                    }
                }
            case .static(let names, origin: _):
                for name in names where known[name.name] == nil {
                    known[name.name] = name.endpoints.map { endpoint in
                        guard let port = endpoint.port else { return endpoint.address.description }
                        return Endpoint(address: endpoint.address, port: port).description
                    }
                }
            case .hostsFile, .etcd, .containers, .dns, .system: continue
            }
        }
        return known
    }
}
