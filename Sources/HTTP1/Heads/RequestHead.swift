/// The head of a request: what it says, and where in the parsed bytes it says so.
///
/// Keep one for each event loop: `parse` resets it, and its array keeps its room, so that a head costs no
/// allocation once the first few were seen. All ranges are offsets into the span given to `parse`.
/// A value type without locks: use it on one thread at a time.
package struct RequestHead: Sendable {
    package internal(set) var method: MethodKind = .other
    package internal(set) var methodRange = ByteRange.empty
    /// The target as received.
    package internal(set) var targetRange = ByteRange.empty
    package internal(set) var form: TargetForm = .origin
    /// Path and query inside the target. For `.asterisk` send `*` (this may be empty); if `needsSlash`, a `/`
    /// belongs in front of it.
    package internal(set) var originForm = ByteRange.empty
    /// The target was absolute with an empty path (`http://host`, `http://host?query`).
    package internal(set) var needsSlash = false
    /// The target was absolute without path and query, and the method OPTIONS.
    var absoluteAsterisk = false
    /// The authority in effect, as received, perhaps with a port: that of an absolute target, else `Host`.
    /// Empty only for HTTP/1.0 without `Host`. With an absolute target, send this as `Host` in place of what
    /// came (RFC 9112 §3.2.2).
    package internal(set) var host = ByteRange.empty
    package internal(set) var version: HTTPVersion = .http11
    /// In the order received; never more than `HeadLimits.fields`.
    package internal(set) var fields: [Field] = []
    package internal(set) var framing: BodyFraming = .none
    /// The client would like to send another request on this connection. RFC 9112 §9.3.
    package internal(set) var keepAlive = false
    /// HTTP/1.1, `Connection: upgrade` and exactly one `Upgrade` that asks for something other than h2c.
    package internal(set) var wantsUpgrade = false
    /// `Upgrade` lists h2c: never passed on, as what follows would bypass this parser.
    package internal(set) var upgradeIsH2C = false
    /// HTTP/1.1, a body that is not empty, and `Expect: 100-continue`. RFC 9110 §10.1.1.
    package internal(set) var expectsContinue = false
    /// Bytes of the head, the empty line included; here the body begins.
    package internal(set) var length = 0

    package init() {}

    /// May be sent again if nothing of an answer came.
    package var idempotent: Bool { method.isIdempotent }

    /// The first field of that name, if there is one.
    package func first(_ id: FieldID) -> Field? {
        for index in fields.indices where fields[index].id == id { return fields[index] }
        return nil
    }
}
