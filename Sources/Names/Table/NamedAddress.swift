package import Balancing
package import Routing

/// What checks of its own tier have found of a name.
package enum PublishedHealth: String, Hashable, Sendable {
    case up
    /// No container of it can serve a request.
    case down
}

/// One address that a name source gives for a name, and what the source states of it for this name.
///
/// It is a part of the name, not of the endpoint: several names may lead to one.
package struct NamedAddress: Hashable, Sendable {
    package let address: IPAddress
    /// The port, where the source has one; otherwise the target's port counts.
    package let port: UInt16?
    /// Its share among the name's addresses, 0 to 65,535 (default 1; 0: only when no other is left).
    package let weight: UInt16
    /// What is at the address now, where the source knows it: a container's ID and start, so that an address that
    /// another container has taken over is another endpoint.
    package let identity: String?
    /// Whether it gets requests (default: it does). An operator of a tier may have set otherwise.
    package var state: EndpointSettings.AdministrativeState
    /// It gets requests only when no address that is not a backup can be picked (default: it is not).
    package var isBackup: Bool
    /// Requests that it may have at a time, where a pool is for the name (default nil: as many as the pool says).
    package var maxConnections: Int32?
    /// What the tier that has published the name finds by its checks of the containers there (default nil: it has not
    /// published any, and whoever follows the name may check the address itself).
    package var health: PublishedHealth?

    package init(
        address: IPAddress,
        port: UInt16? = nil,
        weight: UInt16 = 1,
        identity: String? = nil,
        state: EndpointSettings.AdministrativeState = .up,
        isBackup: Bool = false,
        maxConnections: Int32? = nil,
        health: PublishedHealth? = nil
    ) {
        self.address = address
        self.port = port
        self.weight = weight
        self.identity = identity
        self.state = state
        self.isBackup = isBackup
        self.maxConnections = maxConnections
        self.health = health
    }

    /// The largest `maxConnections`: more connections than a process may have open.
    package static let maxConnectionsRange: ClosedRange<Int> = 1...1_000_000

    /// What differs from an address of which the source states nothing, as words: `drain`, `backup`, `max_conns 5`.
    /// The weight is not among them.
    package var remarks: [String] {
        var remarks: [String] = []
        if state != .up { remarks.append(state.rawValue) }
        if isBackup { remarks.append("backup") }
        if let maxConnections { remarks.append("max_conns \(maxConnections)") }
        if let health { remarks.append("health \(health.rawValue)") }
        return remarks
    }
}
