package import NIOCore

/// Who receives a request and sends its response: an HTTP/1 connection, or a stream of a connection that requests share.
///
/// While it carries an exchange it calls the exchange's `response…` and `upstream…` methods. While it is idle its
/// `Upstream` holds it. Used on its event loop alone.
package protocol ExchangeUpstream: AnyObject {
    /// The endpoint that it leads to.
    var upstream: Upstream { get }
    /// Since when it has been idle.
    var idleSince: NIODeadline { get set }
    /// When TCP was connected and its TLS handshake began; nil: it has none.
    var handshakeBegan: NIODeadline? { get }
    /// It can carry an exchange.
    var isUsable: Bool { get }
    /// Whether the peer has sent nothing that has not been read yet, its end included. May cost a system call.
    var hasNoPendingInput: Bool { get }
    /// It can carry another exchange after the response that has just ended.
    var isReusable: Bool { get }
    /// Some of the request has not reached the peer yet. May cost a system call.
    var hasUnsentRequest: Bool { get }
    /// It is a stream of a connection that others share. The peer may refuse it before it has read anything of the request,
    /// and the connection itself watches whether the peer is alive.
    var isMultiplexed: Bool { get }
    /// Accepts more of the request without holding it in memory.
    var isWritable: Bool { get }

    /// Carries an exchange from now on.
    ///
    /// - Parameter request: the head as HTTP/1 writes it, and perhaps a small body.
    func send(_ request: ByteBuffer, for exchange: Exchange)
    /// Sends a part of the request's body, framed as it came.
    func sendBody(_ bytes: ByteBuffer)
    func flush()
    /// The downstream accepts bytes again.
    func resumeReading()
    /// Whether the peer accepted some of the request's bytes since the last call.
    func hasProgressed() -> Bool
    /// Whether the machine at the other end still acknowledges what it is sent: see `Transport.peerResponds`.
    func peerResponds() -> Bool
    /// The exchange ends before its response does.
    func cancel()
    /// Closes it; without effect on one that is closed.
    func close()
}

extension ExchangeUpstream {
    package var handshakeBegan: NIODeadline? { nil }
    package var isMultiplexed: Bool { false }

    package func peerResponds() -> Bool { true }
}
