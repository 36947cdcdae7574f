/// A rule as it is written, before it is checked and compiled.
///
/// Texts have the syntax of the rule file: see `docs/routing-library.md`.
public struct RuleDefinition: Sendable, Hashable {
    /// Unique within a table.
    public var name: String
    /// Where it was written, for messages and traces.
    public var origin: SourceLocation?

    /// `name`, `*.name` or `~pattern`; nil matches every host.
    public var host: String?
    /// `=/exact`, `/prefix`, `~pattern`, `~*pattern` (caseless); nil matches every path.
    public var path: String?
    /// Empty matches every method. Case-sensitive.
    public var methods: [String] = []
    /// All must match.
    public var headers: [HeaderMatch] = []
    /// Empty matches every client.
    public var clients: [CIDR] = []

    public var action: RuleAction

    /// The certificate that a client needs; nil: the listener's, or none.
    public var clientCertificates: ClientCertificates?

    /// Fields that replace the request's fields of the same names; the values are templates.
    public var setHeaders: [HeaderSetting] = []
    /// Names of fields that do not go on.
    public var removeHeaders: [String] = []
    public var rewritePath: PathRewrite?
    /// A template for the `Host` that goes on; nil or `keep`: as received.
    public var hostHeader: String?
    /// Changes of the fields of responses, in their order.
    public var responseHeaders: [ResponseHeaderEdit] = []
    /// Changes of `Location` and `Refresh` in responses; the first that fits is applied. Empty: none.
    public var rewriteLocation: [LocationRewrite] = []
    /// Pages in place of the proxy's own errors, and of responses of the endpoint.
    public var errorPages: [ErrorPage] = []
    public var timeouts = RuleTimeouts()
    /// Which endpoint addresses the rule may lead to; empty: any that Berth connects to at all.
    public var endpointNetworks: [CIDR] = []
    /// Largest request body, bytes; nil: the tier's limit.
    public var maxBodyBytes: UInt64?
    /// Of targets with `https`; nil: the defaults.
    public var upstreamTLS: UpstreamTLS?
    /// Which requests the access log has; nil: as the tier has it.
    package var accessLog: AccessLogPolicy?
    /// What is recorded of requests and responses; nil: nothing.
    package var tap: TapPolicy?

    /// Whether loaders that check for patterns that backtrack without end accept such a pattern: the
    /// match limit ends such a match.
    public var allowsBacktracking = false

    public init(
        name: String,
        host: String? = nil,
        path: String? = nil,
        action: RuleAction,
        origin: SourceLocation? = nil
    ) {
        self.name = name
        self.host = host
        self.path = path
        self.action = action
        self.origin = origin
    }
}

/// What a rule does with a request that it matches.
public enum RuleAction: Sendable, Hashable {
    /// `[scheme://]name[:port][/path prefix]`: the scheme is `http`, `https` or `h2c`; name and prefix are templates.
    case forward(to: String)
    /// A template of the `Location`. Status 301, 302, 303, 307 or 308.
    case redirect(to: String, status: Int = 302)
    /// A response by the proxy itself; status 200…599.
    case respond(status: Int, body: String = "", contentType: String? = nil)
}

/// A condition on a header field: the exact value, `~pattern`, `~*pattern` (caseless), or
/// `*` (present). One of several fields of the name suffices.
public struct HeaderMatch: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// A field to set; `value` is a template.
public struct HeaderSetting: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// Replaces the path: where `match` (PCRE2) is found in the normalised path, the whole
/// path becomes what the template `with` gives; otherwise it stays.
public struct PathRewrite: Sendable, Hashable {
    public var match: String
    public var with: String

    public init(match: String, with: String) {
        self.match = match
        self.with = with
    }
}

/// A position in a file, from 1; the column counts Unicode scalars.
public struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }
}

/// A rule's own timeouts; nil: the tier's.
public struct RuleTimeouts: Sendable, Hashable {
    /// Until a connection to the endpoint stands.
    public var connect: Duration?
    /// Silence of the upstream.
    public var upstream: Duration?
    /// Silence of the downstream.
    public var downstream: Duration?

    public init(connect: Duration? = nil, upstream: Duration? = nil, downstream: Duration? = nil) {
        self.connect = connect
        self.upstream = upstream
        self.downstream = downstream
    }
}
