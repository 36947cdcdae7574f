package import Routing

/// What is known of a downstream connection, from its sockets alone.
package struct ConnectionInfo: Sendable {
    package let peer: IPAddress
    /// The peer stands in `trusted_proxies`: its `X-Forwarded-*` fields are believed.
    package let trusted: Bool
    /// The port the connection came in at.
    package let localPort: UInt16
    /// The peer in text, as it goes into `X-Forwarded-For`.
    package let peerText: [UInt8]
    /// The lines of `X-Forwarded-For`, `-Proto` and `-Port` of a request that comes
    /// straight from a client: the same for each request of the connection.
    package let lines: [UInt8]

    package init(peer: IPAddress, localPort: UInt16, trustedProxies: [CIDR]) {
        self.peer = peer
        self.localPort = localPort
        self.trusted = trustedProxies.contains { $0.contains(peer) }
        // Made for each connection: as bytes, without a `String` on the way.
        var text: [UInt8] = []
        peer.append(to: &text)
        var lines: [UInt8] = []
        lines.reserveCapacity(Self.before.count + text.count + Self.between.count + 8)
        lines.append(contentsOf: Self.before)
        lines.append(contentsOf: text)
        lines.append(contentsOf: Self.between)
        var divisor: UInt16 = 10_000
        while divisor > 0 {
            if localPort >= divisor || divisor == 1 {
                lines.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: localPort / divisor % 10))
            }
            divisor /= 10
        }
        lines.append(UInt8(ascii: "\r"))
        lines.append(UInt8(ascii: "\n"))
        self.peerText = text
        self.lines = lines
    }

    private static let before = Array("X-Forwarded-For: ".utf8)
    private static let between = Array("\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ".utf8)
}
