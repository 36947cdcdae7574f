import Routing
import EpollLoop
import Glibc
import NIOCore
import ProxyCore

/// Connects to upstreams over TCP.
enum UpstreamConnector {
    static func connect(
        to upstream: Upstream,
        worker: Worker,
        loop: EpollLoop,
        timeout: TimeAmount,
        done: @escaping (Result<any ExchangeUpstream, Failure>) -> Void
    ) {
        let descriptor = SocketOptions.open(isIPv6: !upstream.endpoint.address.isIPv4)
        guard descriptor >= 0 else {
            return done(.failure(Failure(connecting: SocketError("socket"))))
        }
        SocketOptions.set(TCP_NODELAY, of: Int32(IPPROTO_TCP), to: 1, on: descriptor)
        let transport = SocketTransport(descriptor, loop: loop)
        transport.connect(to: SocketEndpoint(upstream.endpoint), timeout: timeout) { error in
            if let error { return done(.failure(Failure(connecting: error))) }
            done(.success(worker.upstreamConnection(to: upstream, over: transport)))
        }
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
