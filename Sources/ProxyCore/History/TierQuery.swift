import Bytes
import HTTP1
package import NIOCore
import Routing

/// A tier's query to the tier that it has sent a request to: what was kept of it?
///
/// The query is a request of HTTP that no proxy forwards: `OPTIONS` with `Max-Forwards: 0` (RFC 9110 §7.6.2). A container,
/// or a tier that does not know it or does not trust the peer, responds to it as to any other.
///
/// It is answered only to a peer in `trusted_proxies`, and only where nothing shows that the peer has forwarded it: a proxy
/// that does not end `Max-Forwards` adds its client to the request. Tiers pass `X-Berth-Why` on for nobody.
package enum TierQuery {
    package static let path = "/.well-known/berth/request"
    /// Of a response that answers a query.
    package static let contentType = "application/vnd.berth.request+json"
    /// The largest answer, bytes.
    package static let maxBytes = 256 << 10
    /// How long an answer may take.
    package static let timeLimit = TimeAmount.seconds(3)

    private static let field = Array(ClaimedField.why.utf8).map(ASCII.lowercased)
    private static let pathBytes = Array(path.utf8)

    /// The request's head.
    ///
    /// - Parameters:
    ///   - id: of the request that the query is about.
    ///   - host: of that request, as it was sent.
    static func head(id: ArraySlice<UInt8>, host: ArraySlice<UInt8>) -> ByteBuffer {
        var head = ByteBuffer()
        head.writeString("OPTIONS \(path) HTTP/1.1\r\nHost: ")
        head.writeBytes(host)
        head.writeString("\r\nMax-Forwards: 0\r\n\(ClaimedField.why): ")
        head.writeBytes(id)
        head.writeString("\r\n\r\n")
        return head
    }

    /// The id that a query is about; nil: it is not a query, or its peer gets no answer.
    static func id(
        in head: borrowing RequestHead,
        _ source: ByteBuffer,
        from connection: ConnectionInfo
    ) -> [UInt8]? {
        guard connection.trusted, head.method == .options, head.maxForwards == 0 else { return nil }
        let bytes = source.readableBytesUInt8Span
        guard bytes.extracting(head.originForm.indices).equals(pathBytes.span) else { return nil }
        var id: [UInt8]?
        for index in head.fields.indices {
            let field = head.fields[index]
            switch field.id {
            case .xForwardedFor, .xForwardedHost, .xForwardedProto, .xForwardedPort, .xRealIP, .forwarded,
                .via:
                return nil
            case .other:
                let name = bytes.extracting(field.name.indices)
                if name.equalsIgnoringCase(Self.field.span) {
                    let value = bytes.extracting(field.value.indices)
                    guard id == nil, RequestID.isKept(value) else { return nil }
                    id = [UInt8](copying: value)
                } else if ClaimedField.of(name) != nil {
                    return nil
                }
            default: break
            }
        }
        return id
    }
}

/// Answers queries of trusted peers: calls `done` once, on any thread, with a text of JSON.
package typealias TierQueryResponder =
    @Sendable (_ id: [UInt8], _ host: [UInt8], _ done: @escaping @Sendable ([UInt8]) -> Void) -> Void

/// What came of a query.
package enum TierAnswer: Sendable, Equatable {
    /// A text of JSON, from the tier at the endpoint: not more trusted than the endpoint.
    case content([UInt8])
    /// Why there is none, for people.
    case none(String)
}
