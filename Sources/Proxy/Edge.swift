public import Routing

/// What is known of a downstream connection, from its sockets alone.
public struct Edge: Sendable {
    public let peer: IPAddress
    /// The peer stands in `trusted_downstreams`: its `X-Forwarded-*` fields are believed.
    public let trusted: Bool
    /// The port the connection came in at.
    public let localPort: UInt16
    /// The peer in text, as it goes into `X-Forwarded-For`.
    let peerText: [UInt8]
    /// The lines of `X-Forwarded-For`, `-Proto` and `-Port` of a request that comes
    /// straight from a client: the same for each request of the connection.
    let lines: [UInt8]

    public init(peer: IPAddress, localPort: UInt16, trustedDownstreams: [CIDR]) {
        self.peer = peer
        self.localPort = localPort
        self.trusted = trustedDownstreams.contains { $0.contains(peer) }
        self.peerText = Array(peer.description.utf8)
        let text =
            "X-Forwarded-For: \(peer)\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: \(localPort)\r\n"
        self.lines = Array(text.utf8)
    }
}
