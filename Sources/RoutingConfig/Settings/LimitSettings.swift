/// How much a tier takes: the `limits` of its rule files.
public struct LimitSettings: Sendable, Hashable {
    /// The largest block of header fields with its request line, bytes
    /// (`header_block`, default 32 KiB; more is answered 431).
    public var headBytes = 32 << 10
    /// The most header fields (`header_fields`, default 100; more is answered 431).
    public var fields = 100
    /// The longest request target, bytes (`uri`, default 8 KiB; more is answered 414).
    public var targetBytes = 8 << 10
    /// The largest request body, bytes (`body`, default nil: unlimited; more is answered 413).
    /// A rule's `max_body` counts instead where there is one.
    public var bodyBytes: UInt64?
    /// Idle connections kept for one endpoint on one event loop
    /// (`idle_per_endpoint`, default 1024; 0 = none).
    public var idlePerEndpoint = 1024

    /// Downstream connections of a tier (`connections`, default nil: as many as there are
    /// descriptors; one more is closed at once).
    public var connections: Int?
    /// … and of one address (`connections_per_client`, default nil: no limit).
    public var connectionsPerClient: Int?

    public init() {}

    /// What may be set, so that a slip of the pen is not taken for a wish.
    enum Bounds {
        /// Bytes. Below it ordinary browsers fail; above it is memory an attacker fills for each connection.
        static let head: ClosedRange<UInt64> = 1 << 10...1 << 20
        static let target: ClosedRange<UInt64> = 64...1 << 20
        static let fields = 8...10_000
        static let idlePerEndpoint = 0...65_536
        static let connections = 1...10_000_000
    }

    static let keys = [
        "header_block", "header_fields", "uri", "body", "idle_per_endpoint", "connections",
        "connections_per_client",
    ]

    /// Takes one key of `limits` over.
    mutating func set(_ key: String, to node: YAMLNode, with reader: NodeReader) {
        let name = "`limits.\(key)`"
        switch key {
        case "header_block":
            if let value = reader.bytes(node, name, in: Bounds.head) { headBytes = Int(value) }
        case "header_fields":
            if let value = reader.integer(node, name, in: Bounds.fields) { fields = value }
        case "uri":
            if let value = reader.bytes(node, name, in: Bounds.target) { targetBytes = Int(value) }
        case "body":
            if let value = reader.bytesOrUnlimited(node, name) { bodyBytes = value == .max ? nil : value }
        case "idle_per_endpoint":
            if let value = reader.integer(node, name, in: Bounds.idlePerEndpoint) { idlePerEndpoint = value }
        case "connections":
            if let value = reader.integer(node, name, in: Bounds.connections) { connections = value }
        case "connections_per_client":
            if let value = reader.integer(node, name, in: Bounds.connections) { connectionsPerClient = value }
        default:
            break  // reported as unknown already
        }
    }
}
