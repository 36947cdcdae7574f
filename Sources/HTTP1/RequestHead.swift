/// The head of a request: what it says, and where in the parsed bytes it says so.
///
/// Keep one for each event loop: `parse` resets it, and its array keeps its room, so that a head costs no
/// allocation once the first few were seen. All ranges are offsets into the span given to `parse`.
/// A value type without locks: use it on one thread at a time.
public struct RequestHead: Sendable {
    public internal(set) var method: MethodKind = .other
    public internal(set) var methodRange = ByteRange.empty
    /// The target as received.
    public internal(set) var targetRange = ByteRange.empty
    public internal(set) var form: TargetForm = .origin
    /// Path and query inside the target. For `.asterisk` send `*` (this may be empty); if `needsSlash`, a `/`
    /// belongs in front of it.
    public internal(set) var originForm = ByteRange.empty
    /// The target was absolute with an empty path (`http://host`, `http://host?query`).
    public internal(set) var needsSlash = false
    /// The target was absolute without path and query, and the method OPTIONS.
    var absoluteAsterisk = false
    /// The authority in effect, as received, perhaps with a port: that of an absolute target, else `Host`.
    /// Empty only for HTTP/1.0 without `Host`. With an absolute target, send this as `Host` in place of what
    /// came (RFC 9112 §3.2.2).
    public internal(set) var host = ByteRange.empty
    public internal(set) var version: HTTPVersion = .http11
    /// In the order received; never more than `HeadLimits.fields`.
    public internal(set) var fields: [Field] = []
    public internal(set) var framing: BodyFraming = .none
    /// The client would like to send another request on this connection. RFC 9112 §9.3.
    public internal(set) var keepAlive = false
    /// HTTP/1.1, `Connection: upgrade` and exactly one `Upgrade` that asks for something other than h2c.
    public internal(set) var wantsUpgrade = false
    /// `Upgrade` lists h2c: never passed on, as what follows would bypass this parser.
    public internal(set) var upgradeIsH2C = false
    /// HTTP/1.1, a body that is not empty, and `Expect: 100-continue`. RFC 9110 §10.1.1.
    public internal(set) var expectsContinue = false
    /// Bytes of the head, the empty line included; here the body begins.
    public internal(set) var length = 0

    public init() {}

    /// May be sent again if nothing of an answer came.
    @inlinable public var idempotent: Bool { method.isIdempotent }

    /// The first field of that name, if there is one.
    @inlinable
    public func first(_ id: FieldID) -> Field? {
        for index in fields.indices where fields[index].id == id { return fields[index] }
        return nil
    }
}
