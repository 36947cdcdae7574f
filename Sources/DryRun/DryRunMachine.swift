import ProxyCore
package import Routing

/// What a dry run knows of the machine that it runs on: rule files do not contain the addresses that tiers listen on.
package struct DryRunMachine: Sendable {
    /// The addresses that the first tier listens on.
    let listening: [Endpoint]
    /// What no request of the first tier may reach, besides what its rule files name.
    let controlPlane: [Endpoint]
    /// The addresses of the machine's interfaces.
    let ownAddresses: [IPAddress]
    /// The ports on which some program of this machine listens on every address.
    private let openPorts: Set<UInt16>
    private let listeners: AddressGuard

    package init(
        listening: [Endpoint],
        controlPlane: [Endpoint] = [],
        ownAddresses: [IPAddress],
        openPorts: Set<UInt16> = []
    ) {
        self.listening = listening
        self.controlPlane = controlPlane
        self.ownAddresses = ownAddresses
        self.openPorts = openPorts
        self.listeners = AddressGuard(listening: listening, ownAddresses: ownAddresses)
    }

    /// Whether the first tier would receive what is sent to `endpoint`.
    func listens(at endpoint: Endpoint) -> Bool {
        listeners.objection(to: endpoint, endpointNetworks: []) != nil
    }

    /// What to know about the endpoint of the last tier; nil: nothing.
    func note(on step: DryRunStep) -> String? {
        guard step.isForwarded, let endpoint = step.endpoint, openPorts.contains(endpoint.port),
            endpoint.address.isLoopback || ownAddresses.contains(endpoint.address)
        else { return nil }
        return "a program of this machine listens on every address at port \(endpoint.port), so that it may "
            + "receive the request to \(endpoint). If it is a tier of Berth, the request is a loop "
            + "(508 loop_detected): run the tier with --listen and one address"
    }
}
