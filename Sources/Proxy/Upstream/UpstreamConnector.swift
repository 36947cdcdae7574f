import Routing
import EpollLoop
import Glibc
import NIOCore
import ProxyCore
import Transports

/// Connects to upstreams over TCP.
enum UpstreamConnector {
    static func connect(
        to upstream: Upstream,
        worker: Worker,
        loop: EpollLoop,
        timeout: TimeAmount,
        done: @escaping (Result<any ExchangeUpstream, Failure>) -> Void
    ) {
        guard let transport = socket(for: upstream.endpoint, on: loop) else {
            return done(.failure(Failure(connecting: SocketError("socket"))))
        }
        transport.connect(to: SocketEndpoint(upstream.endpoint), timeout: timeout) { error in
            if let error { return done(.failure(Failure(connecting: error))) }
            done(.success(worker.upstreamConnection(to: upstream, over: transport)))
        }
    }

    /// A connection for a check.
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
        let descriptor = SocketOptions.open(isIPv6: !endpoint.address.isIPv4)
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
