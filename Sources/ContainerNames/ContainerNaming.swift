import Balancing
package import Names
import Routing

/// The rules for the names and the address of a container. Pure.
///
/// | label | meaning | without it |
/// |---|---|---|
/// | `berth.enable` | `false`: never served | served |
/// | `berth.name` | its names, separated by commas | the container's name, and its aliases on the network |
/// | `berth.port` | its port | the only TCP port that it exposes; otherwise the target's |
/// | `berth.network` | the network whose address counts | the setting; then the first by name that has an address |
/// | `berth.weight` | its share beside the others of its names | 1 |
/// | `berth.drain`, `berth.down` | `true`: only requests that are bound to it, or none | it gets requests |
/// | `berth.backup` | `true`: requests only when no other can be picked | `false` |
/// | `berth.max_conns` | requests that it may have at a time | the pool's |
///
/// A container with a label that is not valid is not served: nobody knows what was intended.
///
/// Names hold in a scope: see `NameScope`.
package struct ContainerNaming: Sendable {
    /// The network whose address counts where no label gives one.
    package var network: String?
    /// The maximum number of names of one container.
    package static let maxNames = 64
    /// Whether a container without any of the labels has no name.
    package var onlyLabelled: Bool

    package init(network: String? = nil, onlyLabelled: Bool = false) {
        self.network = network
        self.onlyLabelled = onlyLabelled
    }

    private static let labels =
        ["berth.enable", "berth.name", "berth.port", "berth.network"] + ContainerShare.labels

    package struct Entry: Sendable, Equatable {
        package let names: [String]
        package let address: NamedAddress
        package let scope: NameScope
    }

    /// Why a container has no name.
    package struct Unserved: Error, Equatable {
        /// Worth a log line: somebody intended otherwise.
        package let isProblem: Bool
        package let reason: String
    }

    package func entry(_ facts: ContainerFacts) throws(Unserved) -> Entry {
        if try Self.flag("berth.enable", of: facts) == false {
            let text = facts.labels["berth.enable"] ?? ""
            throw Unserved(isProblem: false, reason: "berth.enable is \(text)")
        }
        if onlyLabelled, !Self.labels.contains(where: { facts.labels[$0] != nil }) {
            throw Unserved(isProblem: false, reason: "it has none of Berth's labels")
        }
        guard facts.isRunning else { throw Unserved(isProblem: false, reason: "not running") }
        switch facts.health {
        case "starting", "unhealthy":
            throw Unserved(isProblem: false, reason: "its health is \(facts.health)")
        default: break
        }
        let labelled = try port(facts)
        let port = labelled ?? (facts.exposedPorts.count == 1 ? facts.exposedPorts.first : nil)
        let chosen = try network(facts)
        let names = try names(facts, chosen?.network.aliases ?? [])
        let (address, reachedPort) = try location(facts, chosen?.network, port)
        let share = try ContainerShare(facts)
        let scope = NameScope(facts, network: facts.labels["berth.name"] == nil ? chosen?.name : nil)
        // An ID and a start: a later container at the address has another identity.
        let identity = "\(facts.id.prefix(12))@\(facts.startedAt)"
        return Entry(
            names: names,
            address: NamedAddress(
                address: address,
                port: reachedPort,
                weight: share.weight,
                identity: identity,
                state: share.state,
                isBackup: share.isBackup,
                maxConnections: share.maxConnections
            ),
            scope: scope
        )
    }

    /// Nil if the container has no such label.
    static func flag(_ label: String, of facts: ContainerFacts) throws(Unserved) -> Bool? {
        guard let text = facts.labels[label] else { return nil }
        switch text.lowercased() {
        case "false", "no", "off", "0": return false
        case "true", "yes", "on", "1": return true
        default:
            throw Unserved(isProblem: true, reason: "the label \(label) must be true or false, not '\(text)'")
        }
    }

    private func port(_ facts: ContainerFacts) throws(Unserved) -> UInt16? {
        guard let text = facts.labels["berth.port"] else { return nil }
        guard let port = UInt16(text), port > 0 else {
            throw Unserved(
                isProblem: true,
                reason: "the label berth.port must be from 1 to 65535, not '\(text)'"
            )
        }
        return port
    }

    private func network(
        _ facts: ContainerFacts
    ) throws(Unserved) -> (name: String, network: ContainerFacts.Network)? {
        if let wanted = facts.labels["berth.network"] {
            guard let network = facts.networks[wanted] else {
                throw Unserved(
                    isProblem: true,
                    reason: "it is not on the network '\(wanted)' of its label berth.network"
                )
            }
            return (wanted, network)
        }
        if let network, let found = facts.networks[network] { return (network, found) }
        let usable = facts.networks.filter { !$0.value.address.isEmpty || !$0.value.address6.isEmpty }
        return usable.min { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func names(_ facts: ContainerFacts, _ aliases: [String]) throws(Unserved) -> [String] {
        let label = facts.labels["berth.name"]
        let wanted =
            label.map {
                $0.split(separator: ",", maxSplits: Self.maxNames).map { String($0.filter { $0 != " " }) }
            } ?? [facts.name] + aliases.prefix(Self.maxNames - 1)
        guard wanted.count <= Self.maxNames else {
            throw Unserved(
                isProblem: true,
                reason: "its label berth.name has more than \(Self.maxNames) names"
            )
        }
        var names: [String] = []
        for text in wanted {
            guard let host = try? HostName(text), host.port == nil else {
                if label != nil {
                    throw Unserved(
                        isProblem: true,
                        reason: "'\(text)' of its label berth.name is not a valid name"
                    )
                }
                continue
            }
            // The engine's own alias is not a name.
            if label == nil, host.text == facts.id.prefix(12) { continue }
            if !names.contains(host.text) { names.append(host.text) }
        }
        guard !names.isEmpty else {
            throw Unserved(isProblem: true, reason: "it has no valid name")
        }
        return names
    }

    /// Its address on its network; without one, the port that the host publishes.
    private func location(
        _ facts: ContainerFacts,
        _ network: ContainerFacts.Network?,
        _ port: UInt16?
    ) throws(Unserved) -> (IPAddress, UInt16?) {
        if let network, let address = IPAddress(network.address) ?? IPAddress(network.address6) {
            return (address, port)
        }
        if facts.usesHostNetwork, let loopback = IPAddress("127.0.0.1") { return (loopback, port) }
        let inside = port ?? (facts.publishedPorts.count == 1 ? facts.publishedPorts.keys.first : nil)
        if let inside, let published = facts.publishedPorts[inside] {
            // Published on all addresses: the loopback one is the nearest.
            let any = ["", "0.0.0.0", "::"].contains(published.address)
            if let address = IPAddress(any ? "127.0.0.1" : published.address) {
                return (address, published.port)
            }
        }
        throw Unserved(isProblem: true, reason: "it has no address on a network and publishes no port")
    }
}
