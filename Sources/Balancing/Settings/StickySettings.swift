/// How the requests of one client stay with one endpoint.
///
/// A token names the endpoint. It is a signature: it reveals no address, and a forged or an old one names nothing, so
/// that its request is balanced like a first one.
public struct StickySettings: Sendable, Hashable {
    /// What carries the token, both ways.
    public enum Carrier: Sendable, Hashable {
        case cookie(Cookie)
        /// A field of responses that the client sends back, for clients without cookies. In any case.
        case header(String)
    }

    /// A cookie of the requested host alone, for all of its paths.
    public struct Cookie: Sendable, Hashable {
        public var name: String
        /// How long the client keeps it (default nil: until it ends).
        public var maxAge: Duration?
        /// It is sent over TLS alone (default: where the client's request came over TLS).
        public var secure = Secure.automatic
        /// Scripts do not see it (default true).
        public var isHTTPOnly = true
        /// `SameSite` (RFC 6265bis §5.6.7).
        public var sameSite = SameSite.lax

        public init(name: String) {
            self.name = name
        }
    }

    public enum Secure: String, Sendable, Hashable, CaseIterable {
        case automatic = "auto"
        case always = "true"
        case never = "false"
    }

    public enum SameSite: String, Sendable, Hashable, CaseIterable {
        case strict, lax, none
    }

    public var carrier: Carrier
    /// The key of the signatures, the same on all tiers (default nil: one that is made at the start of the process;
    /// tokens of another process name nothing).
    public var secret: [UInt8]?

    public init(_ carrier: Carrier, secret: [UInt8]? = nil) {
        self.carrier = carrier
        self.secret = secret
    }
}
