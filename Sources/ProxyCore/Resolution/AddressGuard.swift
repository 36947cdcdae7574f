package import Routing

/// Which addresses Berth connects to. What a name source says is checked here,
/// before any connection: a rule can't be turned into a way to places that no
/// web container lives at, nor back into Berth itself.
package struct AddressGuard: Sendable {
    /// Where Berth itself listens.
    private let listening: Set<Endpoint>
    /// Ports it listens at on every address of the machine.
    private let everywhere: Set<UInt16>
    /// The machine's own addresses.
    private let ownAddresses: Set<IPAddress>

    /// - Parameters:
    ///   - listening: Berth's own listening addresses.
    ///   - ownAddresses: the addresses of the machine's interfaces, for a listener
    ///     that is bound to all of them.
    package init(listening: [Endpoint], ownAddresses: [IPAddress]) {
        self.listening = Set(listening)
        self.everywhere = Set(listening.filter { $0.address.isUnspecified }.map(\.port))
        self.ownAddresses = Set(ownAddresses)
    }

    /// Why `endpoint` must not be connected to; nil when it may be.
    ///
    /// - Parameter endpointNetworks: of the rule (`endpoint_networks`); empty: any network.
    package func objection(to endpoint: Endpoint, endpointNetworks: [CIDR]) -> String? {
        if let kind = endpoint.address.prohibitedKind {
            return "\(kind) address"
        }
        if endpoint.port == 0 {
            return "port 0"
        }
        if listening.contains(endpoint) || (everywhere.contains(endpoint.port) && isOwn(endpoint.address)) {
            return "an address of this proxy itself"
        }
        if !endpointNetworks.isEmpty, !endpointNetworks.contains(where: { $0.contains(endpoint.address) }) {
            return "outside the rule's endpoint_networks"
        }
        return nil
    }

    private func isOwn(_ address: IPAddress) -> Bool {
        address.isLoopback || ownAddresses.contains(address)
    }
}
