import Routing
import EpollLoop
import HTTP2
import Glibc
import NIOCore
import ProxyCore
import TLS
import Transports

/// Connects to upstreams over TCP.
enum UpstreamConnector {
    /// Where the peer can choose the protocol (ALPN): the best first.
    static let protocols = ["h2", "http/1.1"]

    /// - Parameter upgrades: the request changes to WebSocket.
    static func connect(
        to upstream: Upstream,
        upgrades: Bool,
        worker: Worker,
        loop: EpollLoop,
        timeout: TimeAmount,
        done: @escaping (Result<any ExchangeUpstream, Failure>) -> Void
    ) {
        worker.carrier(
            to: upstream,
            upgrades: upgrades,
            timeout: timeout,
            dial: { [unowned worker] upstream, offersHTTP2, timeout, done in
                dial(upstream, offersHTTP2, worker: worker, loop: loop, timeout: timeout, done: done)
            },
            done: done
        )
    }

    private static func dial(
        _ upstream: Upstream,
        _ offersHTTP2: Bool,
        worker: Worker,
        loop: EpollLoop,
        timeout: TimeAmount,
        done: @escaping (Result<UpstreamTransport, Failure>) -> Void
    ) {
        switch upstream.link.scheme {
        case .http, .h2c:
            connect(to: upstream.endpoint, loop: loop, timeout: timeout) { result in
                done(result.map { UpstreamTransport($0) })
            }
        case .https:
            worker.secureConnector(on: loop).connect(
                to: upstream.endpoint,
                over: upstream.link,
                protocols: offersHTTP2 && upstream.link.tls?.http2 == true ? protocols : ["http/1.1"],
                sessions: sessions(of: upstream),
                timeout: timeout
            ) { result in
                done(result)
            }
        }
    }

    /// Kept as long as the upstream is: a session never leaves it.
    private static func sessions(of upstream: Upstream) -> TLSSessionSlot {
        if let known = upstream.linkState as? TLSSessionSlot { return known }
        let slot = TLSSessionSlot()
        upstream.linkState = slot
        return slot
    }

    /// A connection without TLS.
    static func connect(
        to endpoint: Endpoint,
        loop: EpollLoop,
        timeout: TimeAmount,
        done: @escaping (Result<any Transport, Failure>) -> Void
    ) {
        guard let transport = socket(for: endpoint, on: loop) else {
            return done(.failure(Failure(connecting: SocketError("socket"))))
        }
        transport.connect(to: SocketEndpoint(endpoint), timeout: timeout) { error in
            if let error { return done(.failure(Failure(connecting: error))) }
            done(.success(transport))
        }
    }

    /// Nil, with `errno`, where the system has none.
    private static func socket(for endpoint: Endpoint, on loop: EpollLoop) -> SocketTransport? {
        var descriptor = SocketOptions.open(isIPv6: !endpoint.address.isIPv4)
        // Some may be about to be closed.
        if descriptor < 0, loop.closeDescriptors() {
            descriptor = SocketOptions.open(isIPv6: !endpoint.address.isIPv4)
        }
        guard descriptor >= 0 else { return nil }
        SocketOptions.set(TCP_NODELAY, of: Int32(IPPROTO_TCP), to: 1, on: descriptor)
        return SocketTransport(descriptor, loop: loop)
    }
}

extension Failure {
    /// What kept a connection from being made.
    init(connecting error: SocketError) {
        let reason: Reason =
            switch error.code {
            case ECONNREFUSED: .connectionRefused
            case ECONNRESET, EPIPE: .connectionReset
            case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EADDRNOTAVAIL: .unroutable
            case ETIMEDOUT: .connectTimeout
            default: error.isShortage ? .outOfDescriptors : .connectFailed
            }
        self.init(reason)
    }
}
