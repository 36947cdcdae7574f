package import Names
package import Routing

/// What a target became: the endpoints that may be connected to, and the rest.
package struct Resolution: Sendable {
    /// An endpoint that may be connected to.
    package struct Choice: Sendable {
        package let endpoint: Endpoint
        /// As the name source lists it.
        package let named: NamedAddress

        package init(endpoint: Endpoint, named: NamedAddress) {
            self.endpoint = endpoint
            self.named = named
        }

        /// Its share beside the others (0: only if no other is left).
        package var weight: UInt16 { named.weight }
        /// What is at the endpoint now, a container for example; nil where the name source has no identity.
        package var identity: String? { named.identity }
    }

    /// The name source that has the target, in words; nil: none has it.
    package let source: String?
    /// In the source's order.
    package let choices: [Choice]
    /// Endpoints of the source that Berth does not connect to, with the reason.
    package let prohibited: [(endpoint: Endpoint, objection: AddressObjection)]
    /// Why the target could not be resolved; nil if it could.
    package let problem: NameProblem?
    /// Marked whenever an endpoint is picked.
    package let use: UsageMark?

    static let none = Resolution(source: nil, choices: [], prohibited: [], problem: nil, use: nil)

    static func failed(_ problem: NameProblem) -> Resolution {
        Resolution(source: nil, choices: [], prohibited: [], problem: problem, use: nil)
    }

    package var endpoints: [Endpoint] { choices.map(\.endpoint) }

    /// Why there is no endpoint; nil if there is one.
    package var failure: Failure? {
        guard choices.isEmpty else { return nil }
        if let problem { return Failure(problem) }
        guard let first = prohibited.first else { return Failure(.unknownTarget) }
        return Failure(.prohibitedAddress, detail: first.objection.rawValue)
    }
}

/// Turns targets into endpoints: the name sources, then the address guard.
package struct TargetResolver: Sendable {
    package let names: NameTable
    package let addressGuard: AddressGuard

    package init(names: NameTable, addressGuard: AddressGuard) {
        self.names = names
        self.addressGuard = addressGuard
    }

    /// What the name sources have for the target now.
    package func lookUp(_ target: Target) -> NameLookup {
        // An address that the rule spells out is not looked up.
        if target.literal != nil { return .unknown }
        // No source is queried for a name that it might read as an address (RFC 6943 §3.1.1).
        return target.isAddressInDisguise ? names.lookUpWritten(target.name) : names.lookUp(target.name)
    }

    /// - Parameter lookup: what the name sources have for the target's name.
    package func resolve(_ key: TargetKey, _ lookup: NameLookup) -> Resolution {
        if let literal = key.target.literal {
            return resolve(key, "address in the rule", [NamedAddress(address: literal)])
        }
        switch lookup {
        case .known(let name): return resolve(key, name.source, name.addresses, use: name.use)
        case .unknown: return .none
        case .unresolved: return .failed(NameProblem(.unavailable, "the name sources were not queried"))
        case .failed(let problem): return .failed(problem)
        }
    }

    private func resolve(
        _ key: TargetKey,
        _ source: String,
        _ addresses: [NamedAddress],
        use: UsageMark? = nil
    ) -> Resolution {
        var choices: [Resolution.Choice] = []
        var prohibited: [(endpoint: Endpoint, objection: AddressObjection)] = []
        for named in addresses {
            let endpoint = Endpoint(
                address: named.address,
                port: named.port ?? key.target.port ?? key.target.scheme.defaultPort
            )
            if let objection = addressGuard.objection(to: endpoint, endpointNetworks: key.endpointNetworks) {
                prohibited.append((endpoint, objection))
            } else {
                choices.append(Resolution.Choice(endpoint: endpoint, named: named))
            }
        }
        return Resolution(source: source, choices: choices, prohibited: prohibited, problem: nil, use: use)
    }
}

extension Failure {
    package init(_ problem: NameProblem) {
        switch problem.kind {
        case .timeout: self.init(.nameTimeout)
        case .unavailable: self.init(.nameError)
        case .overloaded: self.init(.nameError, "too many names are being looked up")
        }
    }
}
