import NIOCore
import ProxyCore
import Routing
import TLS
import Transports

/// A transport that is connected to an endpoint, and has no owner yet.
struct UpstreamTransport {
    let stream: any Transport
    /// What it was opened with; nil: without TLS.
    let security: TLSClientContext?
    /// When TCP was connected, and the handshake began; nil: without TLS.
    let handshakeBegan: NIODeadline?

    init(
        _ stream: any Transport,
        _ security: TLSClientContext? = nil,
        handshakeBegan: NIODeadline? = nil
    ) {
        self.stream = stream
        self.security = security
        self.handshakeBegan = handshakeBegan
    }
}

/// Makes a transport to an upstream and calls `done`, at once or later, on the same event loop.
///
/// - Parameter offersHTTP2: where the peer can choose the protocol, it may be HTTP/2.
typealias UpstreamDial = (
    _ upstream: Upstream,
    _ offersHTTP2: Bool,
    _ timeout: TimeAmount,
    _ done: @escaping (Result<UpstreamTransport, Failure>) -> Void
) -> Void

extension Worker {
    /// Carries a request to an upstream over whatever its link demands.
    ///
    /// - Parameters:
    ///   - upgrades: the request changes to WebSocket.
    ///   - dial: makes the transport, where another is needed.
    func carrier(
        to upstream: Upstream,
        upgrades: Bool,
        timeout: TimeAmount,
        dial: @escaping UpstreamDial,
        done: @escaping (Result<any ExchangeUpstream, Failure>) -> Void
    ) {
        switch upstream.link.scheme {
        case .http:
            dial(upstream, false, timeout) { [self] result in
                done(result.map { upstreamConnection(to: upstream, over: $0) })
            }
        case .h2c, .https:
            let group =
                upstream.multiplexed as? HTTP2UpstreamGroup ?? HTTP2UpstreamGroup(of: upstream, worker: self)
            upstream.multiplexed = group
            group.connect(upgrades: upgrades, timeout: timeout, dial: dial, done: done)
        }
    }
}

extension Worker {
    /// What an endpoint stated of the end of a connection: it may refuse a certificate of ours only after we take the
    /// handshake to be over (RFC 8446 §4.4.2.4). Nil: nothing.
    func alert(of transport: (any Transport)?, to upstream: Upstream) -> Failure? {
        guard let failure = (transport as? TLSTransport)?.failure, failure.kind == .alert else { return nil }
        upstreamSecurity.report?(
            UpstreamHandshakeFailure(upstream.endpoint, upstream.link.serverName ?? "", failure)
        )
        return Failure(failure)
    }
}
