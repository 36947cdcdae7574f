public import Routing

/// Everything rule files say, checked and compiled: immutable, for all threads.
public struct Configuration: Sendable {
    /// The rules of all files, in order.
    public let table: RouteTable
    /// In the order they are asked.
    public let names: [NameSourceSettings]
    /// Peers whose `X-Forwarded-*` fields are believed (default: none).
    public let trustedDownstreams: [CIDR]
    public let limits: LimitSettings
    public let timeouts: TimeoutSettings
    /// The files that were read, in their order.
    public let files: [String]
    /// What is legal but likely not meant. Never holds an error.
    public let warnings: [Diagnostic]
}

/// A source of names, as a rule file writes it.
public enum NameSourceSettings: Sendable, Hashable {
    /// Names with their endpoints, in the file's order; names are lower case and differ.
    case `static`([StaticName], origin: SourceLocation)
    /// A file in the format of hosts(5). A relative `path` was resolved against the rule file's folder.
    case hostsFile(path: String, origin: SourceLocation)

    public var origin: SourceLocation {
        switch self {
        case .static(_, let origin), .hostsFile(_, let origin): origin
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
