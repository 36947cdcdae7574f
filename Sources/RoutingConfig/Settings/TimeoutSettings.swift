/// How long a tier waits: the `timeouts` of its rule files.
public struct TimeoutSettings: Sendable, Hashable {
    /// For a whole request head, from its first byte (`client_header`, default 60 s).
    public var header: Duration = .seconds(60)
    /// For a name that is not known yet to be found out about (`resolve`, default 5 s).
    public var resolve: Duration = .seconds(5)
    /// For a connection to an endpoint (`connect`, default 5 s).
    public var connect: Duration = .seconds(5)
    /// An upstream's silence (`upstream`, default 60 s).
    public var upstream: Duration = .seconds(60)
    /// A downstream's silence (`downstream`, default 60 s).
    public var downstream: Duration = .seconds(60)
    /// An idle downstream connection's life (`keep_alive`, default 75 s; 0 = one request each).
    public var keepAlive: Duration = .seconds(75)
    /// An idle upstream connection's life (`idle_upstream`, default 60 s; 0 = no reuse).
    public var idleUpstream: Duration = .seconds(60)
    /// Silence on both sides of an upgraded connection (`tunnel`, default 1 h).
    public var tunnel: Duration = .seconds(3600)

    public init() {}

    static let keys = [
        "client_header", "resolve", "connect", "upstream", "downstream", "keep_alive", "idle_upstream",
        "tunnel",
    ]

    /// Takes one key of `timeouts` over.
    mutating func set(_ key: String, to node: YAMLNode, with reader: NodeReader) {
        let mayBeZero = key == "keep_alive" || key == "idle_upstream"
        guard let value = reader.duration(node, "`timeouts.\(key)`", zero: mayBeZero) else { return }
        switch key {
        case "client_header": header = value
        case "resolve": resolve = value
        case "connect": connect = value
        case "upstream": upstream = value
        case "downstream": downstream = value
        case "keep_alive": keepAlive = value
        case "idle_upstream": idleUpstream = value
        case "tunnel": tunnel = value
        default: break  // reported as unknown already
        }
    }
}
