package import Routing

/// Which addresses Berth connects to. Every address of a name source is checked here, before any
/// connection: no rule leads to an address at which no web container can be, nor back to Berth itself, nor to the
/// registries and DNS servers that it uses.
package struct AddressGuard: Sendable {
    /// Berth's own listening addresses.
    private let listening: Set<Endpoint>
    /// The ports of listeners that are bound to every address of the machine.
    private let wildcardPorts: Set<UInt16>
    /// The machine's own addresses.
    private let ownAddresses: Set<IPAddress>
    /// Registries and DNS servers.
    private let controlPlane: Set<Endpoint>
    /// The ports of those that listen on every address of this machine.
    private let sharedPorts: Set<UInt16>

    /// - Parameters:
    ///   - listening: Berth's own listening addresses.
    ///   - ownAddresses: the addresses of the machine's interfaces, for a listener
    ///     that is bound to all of them.
    ///   - controlPlane: the registries and DNS servers that Berth uses: no name may lead a request to them.
    ///   - openPorts: the ports on which some program of this machine listens on every address.
    package init(
        listening: [Endpoint],
        ownAddresses: [IPAddress],
        controlPlane: [Endpoint] = [],
        openPorts: Set<UInt16> = []
    ) {
        self.listening = Set(listening)
        self.wildcardPorts = Set(listening.filter { $0.address.isUnspecified }.map(\.port))
        self.ownAddresses = Set(ownAddresses)
        self.controlPlane = Set(controlPlane)
        let own = self.ownAddresses
        let ports = controlPlane.filter { $0.address.isLoopback || own.contains($0.address) }.map(\.port)
        self.sharedPorts = openPorts.intersection(ports)
    }

    /// Why Berth does not connect to `endpoint`; nil if it may.
    ///
    /// - Parameter endpointNetworks: `endpoint_networks` of the rule; empty: any network.
    package func objection(to endpoint: Endpoint, endpointNetworks: [CIDR]) -> AddressObjection? {
        if let objection = AddressObjection(endpoint.address) { return objection }
        if endpoint.port == 0 { return .noPort }
        if listening.contains(endpoint) || (wildcardPorts.contains(endpoint.port) && isOwn(endpoint.address))
        {
            return .ownListener
        }
        if controlPlane.contains(endpoint) || (sharedPorts.contains(endpoint.port) && isOwn(endpoint.address))
        {
            return .controlPlane
        }
        if !endpointNetworks.isEmpty, !endpointNetworks.contains(where: { $0.contains(endpoint.address) }) {
            return .otherNetwork
        }
        return nil
    }

    private func isOwn(_ address: IPAddress) -> Bool {
        address.isLoopback || ownAddresses.contains(address)
    }
}
