public import Routing

/// One address that a name source gives for a name.
public struct NamedAddress: Hashable, Sendable {
    public let address: IPAddress
    /// The port, where the source knows one; otherwise the target's port counts.
    public let port: UInt16?
    /// Its share beside the name's other addresses, 0 to 65,535 (default 1; 0: only when no other is left).
    public let weight: UInt16
    /// What stands behind the address now, where the source knows: a container's id and start,
    /// so that an address which another container has taken over is another endpoint.
    public let identity: String?

    public init(address: IPAddress, port: UInt16? = nil, weight: UInt16 = 1, identity: String? = nil) {
        self.address = address
        self.port = port
        self.weight = weight
        self.identity = identity
    }
}

/// What the name sources say of one name: the first source that knows it answers.
public struct NameAnswer: Sendable {
    /// The source in words, as shown to operators: `static`, `hosts_file rules/hosts`.
    public let source: String
    /// In the source's order; never empty.
    public let addresses: [NamedAddress]
}

/// What one source knew at one moment.
public struct NameLayer: Sendable {
    public let source: String
    public let names: [String: [NamedAddress]]

    public init(source: String, names: [String: [NamedAddress]]) {
        self.source = source
        self.names = names
    }
}

/// Everything the name sources knew at one moment, in the order they are asked.
///
/// Immutable: each event loop holds one and looks names up without a lock; news
/// arrive as a new table.
public final class NameTable: Sendable {
    public let layers: [NameLayer]

    public static let empty = NameTable(layers: [])

    public init(layers: [NameLayer]) {
        self.layers = layers
    }

    /// - Parameter name: the target's name, lower case, without a port.
    /// - Returns: the first layer's answer, or nil when no source knows the name.
    public func lookUp(_ name: String) -> NameAnswer? {
        for layer in layers {
            if let addresses = layer.names[name], !addresses.isEmpty {
                return NameAnswer(source: layer.source, addresses: addresses)
            }
        }
        return nil
    }
}
