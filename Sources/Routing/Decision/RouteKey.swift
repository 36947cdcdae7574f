/// What a request brings to the rules, borrowed for the time of one decision.
public struct RouteKey: ~Escapable {
    /// The bytes of a `HostName`: already normalised.
    public let host: Span<UInt8>
    /// The request target in origin form as received: path, and query after `?`
    /// (RFC 9112 §3.2.1). Empty counts as `/`; `*` is the whole server.
    public let target: Span<UInt8>
    /// As received: methods are case-sensitive (RFC 9110 §9.1).
    public let method: Span<UInt8>
    public let scheme: RequestScheme
    /// Who sent the request.
    public let client: IPAddress

    @_lifetime(copy host, copy target, copy method)
    public init(
        host: Span<UInt8>,
        target: Span<UInt8>,
        method: Span<UInt8>,
        scheme: RequestScheme,
        client: IPAddress
    ) {
        self.host = host
        self.target = target
        self.method = method
        self.scheme = scheme
        self.client = client
    }
}

/// How a request came.
public enum RequestScheme: String, Hashable, Sendable {
    case http
    case https
}

/// Finds a request's header fields for rules with a condition on them.
///
/// Calls `visit` with the value of each field of that name, in order, until `visit`
/// returns true; returns whether it did.
public typealias HeaderLookup = (_ lowercaseName: [UInt8], _ visit: (Span<UInt8>) -> Bool) -> Bool
