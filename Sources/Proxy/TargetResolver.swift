public import Names
public import Routing

/// What a target became: the endpoints that may be connected to, and the rest.
public struct Resolution: Sendable {
    /// The name source that answered, in words; nil when none knows the target.
    public let source: String?
    /// In the source's order.
    public let endpoints: [Endpoint]
    /// What the source gave and Berth does not connect to, with the reason.
    public let prohibited: [(endpoint: Endpoint, reason: String)]

    /// Why there is nothing to connect to; nil when there is.
    public var failure: Failure? {
        guard endpoints.isEmpty else { return nil }
        return prohibited.isEmpty ? Failure(.unknownTarget) : Failure(.prohibitedAddress)
    }
}

/// Turns targets into endpoints: the name sources, then the address guard. The
/// dry run and live traffic both ask here.
public struct TargetResolver: Sendable {
    /// The port of a target where neither the rule nor the name source gives one.
    static let defaultPort: UInt16 = 80

    public let names: NameTable
    public let addressGuard: AddressGuard

    public init(names: NameTable, addressGuard: AddressGuard) {
        self.names = names
        self.addressGuard = addressGuard
    }

    public func resolve(_ target: Target, allow: [CIDR]) -> Resolution {
        let source: String
        let addresses: [NamedAddress]
        if let literal = target.literal {
            source = "address in the rule"
            addresses = [NamedAddress(address: literal)]
        } else if let answer = names.lookUp(target.name) {
            source = answer.source
            addresses = answer.addresses
        } else {
            return Resolution(source: nil, endpoints: [], prohibited: [])
        }
        var endpoints: [Endpoint] = []
        var prohibited: [(endpoint: Endpoint, reason: String)] = []
        for named in addresses {
            let endpoint = Endpoint(
                address: named.address,
                port: named.port ?? target.port ?? Self.defaultPort
            )
            if let reason = addressGuard.objection(to: endpoint, allow: allow) {
                prohibited.append((endpoint, reason))
            } else {
                endpoints.append(endpoint)
            }
        }
        return Resolution(source: source, endpoints: endpoints, prohibited: prohibited)
    }
}
