import Bytes
package import HTTP1
package import Routing

/// The scheme of the URL that the client requested.
package enum ClientScheme {
    /// That of the connection; from a trusted proxy that of `X-Forwarded-Proto`, else of `Forwarded`.
    ///
    /// - Parameter bytes: what `head` was parsed from.
    ///
    /// A value that is not a scheme, or several that differ, are not believed.
    package static func of(
        _ head: borrowing RequestHead,
        _ bytes: Span<UInt8>,
        from connection: ConnectionInfo
    ) -> RequestScheme {
        guard connection.trusted else { return connection.scheme }
        var found: RequestScheme?
        var isPresent = false
        for index in head.fields.indices where head.fields[index].id == .xForwardedProto {
            isPresent = true
            var elements = ReversedListElements(head.fields[index].value.indices)
            while let element = elements.next(bytes) {
                guard let scheme = read(bytes.extracting(element)), found == nil || found == scheme else {
                    return connection.scheme
                }
                found = scheme
            }
        }
        if !isPresent {
            for element in ForwardedElement.all(head, bytes) {
                guard let proto = element.proto else { continue }
                guard let scheme = read(proto.span), found == nil || found == scheme else {
                    return connection.scheme
                }
                found = scheme
            }
        }
        return found ?? connection.scheme
    }

    /// `ws` and `wss` are those of WebSocket's URLs.
    private static func read(_ text: Span<UInt8>) -> RequestScheme? {
        for (name, scheme) in names where text.equalsIgnoringCase(name.span) { return scheme }
        return nil
    }

    private static let names: [([UInt8], RequestScheme)] = [
        (Array("https".utf8), .https), (Array("http".utf8), .http), (Array("wss".utf8), .https),
        (Array("ws".utf8), .http),
    ]
}
