import Bytes
import HTTP1
import NIOCore
import Routing

/// What rules see of a request.
enum RequestKey {
    /// - Parameters:
    ///   - client: who sent the request.
    ///   - trusted: the peer is a trusted proxy.
    static func with<Result>(
        _ host: HostName,
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ scheme: RequestScheme,
        _ client: IPAddress,
        _ trusted: Bool,
        _ body: (borrowing RouteKey, HeaderLookup) -> Result
    ) -> Result {
        let bytes = source.readableBytesUInt8Span
        // An absolute target without a path: what goes on begins with a slash (`needsSlash`).
        if head.form == .asterisk || head.needsSlash {
            var target = [UInt8(ascii: head.form == .asterisk ? "*" : "/")]
            if head.needsSlash {
                let rest = bytes.extracting(head.originForm.indices)
                for index in rest.indices { target.append(rest[index]) }
            }
            return with(host, target.span, head, source, scheme, client, trusted, body)
        }
        return with(
            host,
            bytes.extracting(head.originForm.indices),
            head,
            source,
            scheme,
            client,
            trusted,
            body
        )
    }

    private static func with<Result>(
        _ host: HostName,
        _ target: Span<UInt8>,
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ scheme: RequestScheme,
        _ client: IPAddress,
        _ trusted: Bool,
        _ body: (borrowing RouteKey, HeaderLookup) -> Result
    ) -> Result {
        let bytes = source.readableBytesUInt8Span
        let host = host.bytes
        let fields = copy head
        let key = RouteKey(
            host: host.span,
            target: target,
            method: bytes.extracting(head.methodRange.indices),
            scheme: scheme,
            client: client
        )
        return body(key) { name, visit in
            // Nobody else can say who the client is.
            if !trusted, ClaimedField.of(name.span) == .identity { return false }
            return fields.anyValue(of: name, in: source.readableBytesUInt8Span, visit: visit)
        }
    }
}
