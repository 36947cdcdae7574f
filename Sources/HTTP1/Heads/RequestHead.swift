import Bytes

/// The head of a request: its meaning, and where its parts are in the parsed bytes.
///
/// Keep one for each event loop: `parse` resets it, and its array keeps its capacity, so that a head costs no
/// allocation after the first few. All ranges are offsets into the span given to `parse`.
/// A value type without locks: use it on one thread at a time.
package struct RequestHead: Sendable {
    package internal(set) var method: MethodKind = .other
    package internal(set) var methodRange = ByteRange.empty
    /// The target as received.
    package internal(set) var targetRange = ByteRange.empty
    package internal(set) var form: TargetForm = .origin
    /// Path and query inside the target. For `.asterisk` send `*` (this may be empty); if `needsSlash`, send
    /// a `/` before it.
    package internal(set) var originForm = ByteRange.empty
    /// The target was absolute with an empty path (`http://host`, `http://host?query`).
    package internal(set) var needsSlash = false
    /// The target was absolute without path and query, and the method OPTIONS.
    var absoluteAsterisk = false
    /// The authority in effect, as received, perhaps with a port: that of an absolute target, else `Host`.
    /// Empty only for HTTP/1.0 without `Host`. With an absolute target, send this as `Host` in place of the
    /// field received (RFC 9112 §3.2.2).
    package internal(set) var host = ByteRange.empty
    package internal(set) var version: HTTPVersion = .http11
    /// In the order received; never more than `HeadLimits.fields`.
    package internal(set) var fields: [Field] = []
    package internal(set) var framing: BodyFraming = .none
    /// The client may send another request on this connection. RFC 9112 §9.3.
    package internal(set) var keepAlive = false
    /// HTTP/1.1, no body, `Connection: upgrade` and exactly one `Upgrade`, whose protocols are well formed and not
    /// another version of HTTP.
    ///
    /// An endpoint that does not know `Upgrade` with a body may take the body for the next request.
    package internal(set) var wantsUpgrade = false
    /// `Upgrade` lists h2c or another version of HTTP: never passed on, because what follows would bypass this
    /// parser.
    package internal(set) var upgradeIsH2C = false
    /// Of OPTIONS and TRACE: how many proxies may still forward the request (RFC 9110 §7.6.2). The fields are
    /// marked as hop-by-hop: a proxy that forwards the request writes the number less one.
    package internal(set) var maxForwards: UInt64?
    /// HTTP/1.1, a body that is not empty, and `Expect: 100-continue`. RFC 9110 §10.1.1.
    package internal(set) var expectsContinue = false
    /// Bytes of the head with its empty line: the offset at which the body begins.
    package internal(set) var length = 0

    package init() {}

    /// The request may be sent again if no part of a response was received.
    package var idempotent: Bool { method.isIdempotent }

    /// The head that was parsed is the text of one that arrived in HTTP/2.
    package mutating func arrivedOverHTTP2() {
        version = .http2
    }

    /// The first field of that name, if there is one.
    package func first(_ id: FieldID) -> Field? {
        for index in fields.indices where fields[index].id == id { return fields[index] }
        return nil
    }

    /// Calls `visit` with each value of the field until it returns true.
    ///
    /// - Parameters:
    ///   - lowercaseName: the field's name in lower case.
    ///   - bytes: the span that was parsed.
    /// - Returns: whether any call returned true.
    package func anyValue(
        of lowercaseName: [UInt8],
        in bytes: Span<UInt8>,
        visit: (Span<UInt8>) -> Bool
    ) -> Bool {
        for field in fields where field.name.count == lowercaseName.count {
            guard field.line.upperBound <= bytes.count else { return false }
            let name = bytes.extracting(field.name.indices)
            if name.equalsIgnoringCase(lowercaseName.span), visit(bytes.extracting(field.value.indices)) {
                return true
            }
        }
        return false
    }
}
