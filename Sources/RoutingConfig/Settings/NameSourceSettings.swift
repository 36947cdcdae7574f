public import Routing

/// A source of names, as a rule file writes it.
public enum NameSourceSettings: Sendable, Hashable {
    /// Names with their endpoints, in the file's order; names are lower case and differ.
    case `static`([StaticName], origin: SourceLocation)
    /// A file in the format of hosts(5). A relative `path` was resolved against the rule file's folder.
    case hostsFile(path: String, origin: SourceLocation)
    /// Keys below a prefix of an etcd, held live.
    case etcd(EtcdSettings, origin: SourceLocation)
    /// The containers of an engine, held live.
    case containers(ContainersSettings, origin: SourceLocation)
    /// Questions to DNS servers.
    case dns(DNSSettings, origin: SourceLocation)
    /// Questions to the system's own resolver (getaddrinfo).
    case system(SystemNamesSettings, origin: SourceLocation)

    public var origin: SourceLocation {
        switch self {
        case .static(_, let origin), .hostsFile(_, let origin), .etcd(_, let origin),
            .containers(_, let origin), .dns(_, let origin), .system(_, let origin):
            origin
        }
    }
}

/// A name and the endpoints it stands for; at least one.
public struct StaticName: Sendable, Hashable {
    public let name: String
    public let endpoints: [EndpointSetting]

    public init(name: String, endpoints: [EndpointSetting]) {
        self.name = name
        self.endpoints = endpoints
    }
}

/// An address of a name, with its port if it was written.
public struct EndpointSetting: Sendable, Hashable {
    public let address: IPAddress
    /// Nil: the port of the rule's `to` counts.
    public let port: UInt16?

    public init(address: IPAddress, port: UInt16? = nil) {
        self.address = address
        self.port = port
    }
}

/// `etcd`: which one, and what of it. Paths count from the rule file's folder.
public struct EtcdSettings: Sendable, Hashable {
    /// The members, asked in turn: `http://10.0.0.1:2379` (`endpoints`, required).
    public var endpoints: [String] = []
    /// Keys below it are names (`prefix`, default `/berth/hosts/`); ends in `/`.
    public var prefix = "/berth/hosts/"
    /// Both or neither (`user`, `password_file`). The file is read when it is needed; one line end
    /// at its end does not count.
    public var user: String?
    public var passwordFile: String?
    /// PEM files: whom to trust (default: the system's), and who Berth is (`ca`, `cert`, `key`).
    public var ca: String?
    public var cert: String?
    public var key: String?
    /// How long the last names serve while it is down (`max_stale`, default nil: without limit).
    public var maxStale: Duration?

    public init() {}
}

/// `containers`: which engine.
public struct ContainersSettings: Sendable, Hashable {
    /// Its Unix socket (`socket`, default `/run/docker.sock`).
    public var socket = "/run/docker.sock"
    /// The network whose addresses count (`network`, default nil: the container's only one, or the
    /// first by name; its label `berth.network` counts before this).
    public var network: String?
    /// How long the last names serve while it is down (`max_stale`, default nil: without limit).
    public var maxStale: Duration?

    public init() {}
}

/// `dns`: whom to ask, and how long answers are good.
public struct DNSSettings: Sendable, Hashable {
    /// Asked in their order (`servers`, default nil: those of resolv.conf); port 53 where none is given.
    public var servers: [EndpointSetting]?
    /// Domains put behind names that are not found as they are (`search`, default nil: those of resolv.conf).
    public var search: [String]?
    /// What is put in front of a name to ask for its SRV records, `_http._tcp` (`srv`, default nil:
    /// addresses are asked for).
    public var srv: String?
    /// The shortest life of an answer, whatever its TTL (`min_ttl`, default 1 s).
    public var minTTL: Duration = .seconds(1)
    /// The longest (`max_ttl`, default 1 h).
    public var maxTTL: Duration = .seconds(3600)
    /// The longest life of the answer that there is no such name (`negative_ttl`, default 5 s).
    public var negativeTTL: Duration = .seconds(5)
    /// How long one server has for one answer (`timeout`, default 1 s).
    public var timeout: Duration = .seconds(1)
    /// How often each server is asked (`attempts`, default 2).
    public var attempts = 2
    /// How long an answer serves after its time while no server answers (`max_stale`, default 1 h).
    public var maxStale: Duration = .seconds(3600)

    public init() {}
}

/// `system`: how many questions at a time, and how long answers are good.
public struct SystemNamesSettings: Sendable, Hashable {
    /// Questions at one time, each on a thread of its own (`threads`, default 4).
    public var threads = 4
    /// The life of an answer: the system does not say its TTL (`ttl`, default 30 s).
    public var ttl: Duration = .seconds(30)
    /// The life of the answer that there is no such name (`negative_ttl`, default 5 s).
    public var negativeTTL: Duration = .seconds(5)
    /// How long an answer serves after its time while the system can't tell (`max_stale`, default 1 h).
    public var maxStale: Duration = .seconds(3600)

    public init() {}
}
