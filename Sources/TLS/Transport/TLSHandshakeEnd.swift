package import NIOCore
package import Routing
package import ServerNames

/// What became of one handshake, for counters and the log.
package struct TLSHandshakeEnd: Sendable {
    package enum Outcome: Sendable, Equatable {
        case established(version: String, cipher: String, isResumed: Bool)
        case failed(TLSFailure)
        /// The tier closed the connection before the handshake was over: it took too long, or the tier ends.
        ///
        /// - Parameter received: bytes of the client.
        case abandoned(received: Int)
    }

    package var outcome: Outcome
    package var peer: IPAddress
    package var localPort: UInt16
    /// What the client sent; nil: none, or not known yet.
    package var serverName: ServerName?
    /// Since the connection was accepted.
    package var elapsed: TimeAmount
}
