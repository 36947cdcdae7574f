/// `GET /containers/{id}/json` of Docker and Podman: the fields that are read.
struct InspectResponse: Decodable, Sendable {
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

    /// A value of any shape.
    struct Anything: Decodable, Sendable { init(from decoder: any Decoder) {} }

    let Id: String
    let Name: String
    let State: StatePart
    let Config: ConfigPart?
    let HostConfig: HostConfigPart?
    let NetworkSettings: NetworkSettingsPart?

    /// The facts, independent of the engine.
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
            // The first usable one; Docker lists one for IPv4 and one for IPv6.
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
        // Old engines give the first network's address beside the list.
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
