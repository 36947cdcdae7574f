package import HTTP1
package import NIOCore
package import Routing

/// The redirect of a listener with `redirect_to_https`: to the host, path and query of the request itself, never to
/// another host.
package enum HTTPSRedirect {
    /// - Parameter port: of `https`.
    /// - Returns: nil: the request came over TLS, as a trusted proxy states.
    /// - Throws: the request has no valid host.
    static func decision(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        from connection: ConnectionInfo,
        port: UInt16
    ) throws(Failure) -> Decision? {
        let bytes = source.readableBytesUInt8Span
        guard ClientScheme.of(head, bytes, from: connection) == .http else { return nil }
        let host = try RequestStages.host(head, source)
        var location = Array("https://".utf8) + host.bytes
        if port != 443 { location += Array(":\(port)".utf8) }
        if head.needsSlash || head.form == .asterisk { location.append(UInt8(ascii: "/")) }
        if head.form != .asterisk {
            let target = bytes.extracting(head.originForm.indices)
            for index in target.indices { location.append(target[index]) }
        }
        // Clients of every age know 301; 308 keeps the method and the body (RFC 9110 §15.4.9).
        let isPlain = head.method == .get || head.method == .head
        return .redirecting(status: isPlain ? 301 : 308, location: location)
    }
}
