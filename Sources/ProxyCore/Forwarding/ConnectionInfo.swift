import Bytes
package import Routing

/// What is known of a downstream connection before its first request. Immutable; a class, as each request passes it on.
package final class ConnectionInfo: Sendable {
    package let peer: IPAddress
    /// The peer is in `trusted_proxies`: its `X-Forwarded-*` fields are believed.
    package let trusted: Bool
    /// The port that accepted the connection.
    package let localPort: UInt16
    /// `https` if the connection is encrypted.
    package let scheme: RequestScheme
    /// What its listener adds; nil: nothing, as a plain one does.
    package let listener: ListenerFacts?
    /// What its handshake has settled; nil: the connection is not encrypted.
    package let security: ConnectionSecurity?
    /// The peer's address in text, for `X-Forwarded-For`.
    package let peerText: [UInt8]
    /// The lines `X-Forwarded-For` and `X-Forwarded-Proto`, as HTTP/1 spells them, for a peer that is not trusted:
    /// the same for each request of the connection.
    package let forwardedLines: [UInt8]

    package init(
        peer: IPAddress,
        localPort: UInt16,
        scheme: RequestScheme = .http,
        listener: ListenerFacts? = nil,
        security: ConnectionSecurity? = nil,
        trustedProxies: [CIDR]
    ) {
        self.peer = peer
        self.localPort = localPort
        self.scheme = scheme
        self.listener = listener
        self.security = security
        self.trusted = trustedProxies.contains { $0.contains(peer) }
        // Made for each connection: two arrays, and no `String`.
        var text: [UInt8] = []
        peer.append(to: &text)
        self.peerText = text
        var lines: [UInt8] = []
        lines.reserveCapacity(text.count + 48)
        lines.append("X-Forwarded-For: ")
        lines.append(contentsOf: text)
        lines.append("\r\nX-Forwarded-Proto: ")
        lines.append(contentsOf: Self.text(of: scheme))
        lines.append("\r\n")
        self.forwardedLines = lines
    }

    /// The peer as a node of `Forwarded` (RFC 7239 §6).
    package var forwardedNode: [UInt8] {
        peer.isIPv4 ? peerText : Array("\"[".utf8) + peerText + Array("]\"".utf8)
    }

    private static func text(of scheme: RequestScheme) -> [UInt8] {
        switch scheme {
        case .http: http
        case .https: https
        }
    }

    private static let http = Array("http".utf8)
    private static let https = Array("https".utf8)
}

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }
}
