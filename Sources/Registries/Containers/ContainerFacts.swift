import Foundation

/// What the engine says of one container, as far as names are concerned.
package struct ContainerFacts: Sendable, Equatable {
    package var id: String
    /// Without the slash in front.
    package var name: String
    /// Changes with each start.
    package var startedAt: String
    package var isRunning = true
    /// `none`, `starting`, `healthy` or `unhealthy`; empty: none.
    package var health = ""
    package var labels: [String: String] = [:]
    package var usesHostNetwork = false
    /// TCP ports that the image or the container exposes.
    package var exposedPorts: Set<UInt16> = []
    /// TCP port in the container → where the host publishes it.
    package var publishedPorts: [UInt16: Published] = [:]
    /// By the network's name.
    package var networks: [String: Network] = [:]

    package struct Network: Sendable, Equatable {
        /// Empty: none.
        package var address: String
        package var address6: String
        package var aliases: [String]

        package init(address: String, address6: String = "", aliases: [String] = []) {
            self.address = address
            self.address6 = address6
            self.aliases = aliases
        }
    }

    package struct Published: Sendable, Equatable {
        package var address: String
        package var port: UInt16

        package init(address: String, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    package init(id: String, name: String, startedAt: String) {
        self.id = id
        self.name = name
        self.startedAt = startedAt
    }
}

/// `GET /containers/{id}/json`, as Docker and Podman answer it; only what is read.
struct InspectAnswer: Decodable, Sendable {
    struct StatePart: Decodable, Sendable {
        struct HealthPart: Decodable, Sendable { let Status: String? }
        let Running: Bool?
        let Paused: Bool?
        let StartedAt: String?
        let Health: HealthPart?
    }

    struct ConfigPart: Decodable, Sendable {
        let Labels: [String: String]?
        let ExposedPorts: [String: Anything]?
    }

    struct HostConfigPart: Decodable, Sendable { let NetworkMode: String? }

    struct NetworkSettingsPart: Decodable, Sendable {
        struct Binding: Decodable, Sendable {
            let HostIp: String?
            let HostPort: String?
        }

        struct Network: Decodable, Sendable {
            let IPAddress: String?
            let GlobalIPv6Address: String?
            let Aliases: [String]?
        }

        let IPAddress: String?
        let GlobalIPv6Address: String?
        let Ports: [String: [Binding]?]?
        let Networks: [String: Network?]?
    }

    /// A value whose shape does not matter.
    struct Anything: Decodable, Sendable { init(from decoder: any Decoder) {} }

    let Id: String
    let Name: String
    let State: StatePart
    let Config: ConfigPart?
    let HostConfig: HostConfigPart?
    let NetworkSettings: NetworkSettingsPart?

    /// The facts in our words.
    var facts: ContainerFacts {
        var facts = ContainerFacts(
            id: Id,
            name: Name.hasPrefix("/") ? String(Name.dropFirst()) : Name,
            startedAt: State.StartedAt ?? ""
        )
        facts.isRunning = (State.Running ?? false) && !(State.Paused ?? false)
        facts.health = State.Health?.Status ?? ""
        facts.labels = Config?.Labels ?? [:]
        facts.usesHostNetwork = HostConfig?.NetworkMode == "host"
        let ports = NetworkSettings?.Ports ?? [:]
        for text in Array((Config?.ExposedPorts ?? [:]).keys) + Array(ports.keys) {
            if let port = Self.tcp(text) { facts.exposedPorts.insert(port) }
        }
        for (text, bindings) in ports {
            guard let port = Self.tcp(text) else { continue }
            // The first that can be used; Docker lists one for IPv4 and one for IPv6.
            for binding in bindings ?? [] {
                guard facts.publishedPorts[port] == nil, let published = UInt16(binding.HostPort ?? ""),
                    published > 0
                else { continue }
                facts.publishedPorts[port] = .init(address: binding.HostIp ?? "", port: published)
            }
        }
        for (name, network) in NetworkSettings?.Networks ?? [:] {
            guard let network else { continue }
            facts.networks[name] = .init(
                address: network.IPAddress ?? "",
                address6: network.GlobalIPv6Address ?? "",
                aliases: network.Aliases ?? []
            )
        }
        // Old answers name the first network's address beside the list.
        if facts.networks.isEmpty, let address = NetworkSettings?.IPAddress, !address.isEmpty {
            facts.networks["default"] = .init(address: address)
        }
        return facts
    }

    /// `8080/tcp`, `8080`.
    private static func tcp(_ text: String) -> UInt16? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 1 || (parts.count == 2 && parts[1] == "tcp"), let first = parts.first else {
            return nil
        }
        return UInt16(first).flatMap { $0 > 0 ? $0 : nil }
    }
}

/// `GET /containers/json`: who runs.
struct ListedContainer: Decodable, Sendable {
    let Id: String
}

/// One line of `GET /events`.
struct EngineEvent: Decodable, Sendable {
    struct Subject: Decodable, Sendable {
        let ID: String?
        let Attributes: [String: String]?
    }

    let type: String?
    let Action: String?
    let status: String?
    let id: String?
    let Actor: Subject?

    private enum CodingKeys: String, CodingKey {
        case type = "Type"
        case Action, status, id, Actor
    }
}
