import Glibc
import NIOCore
import NIOPosix
import ProxyCore
import Routing

/// Connects to upstreams over TCP.
enum UpstreamConnector {
    static func connect(
        to upstream: Upstream,
        worker: Worker,
        timeout: TimeAmount,
        done: @escaping (Result<any ExchangeUpstream, Failure>) -> Void
    ) {
        let address: SocketAddress
        do {
            address = try SocketAddress(upstream.endpoint)
        } catch {
            return done(.failure(Failure(.internal)))
        }
        let connection = UpstreamConnection(worker: worker, upstream: upstream)
        let completion = NIOLoopBound(done, eventLoop: worker.loop)
        ClientBootstrap(group: worker.loop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try ChannelTuning.begin(channel)
                    try channel.pipeline.syncOperations.addHandler(connection.transportForChannel())
                }
            }
            .connect(to: address)
            .whenComplete { result in
                switch result {
                case .success: completion.value(.success(connection))
                case .failure(let error): completion.value(.failure(Failure(connecting: error)))
                }
            }
    }
}

extension UpstreamConnection {
    /// The handler that joins it to a channel. Once for each connection.
    func transportForChannel() -> ChannelTransport {
        let transport = ChannelTransport(owner: self, largeBuffers: true)
        begin(transport)
        return transport
    }
}

extension Failure {
    /// What kept a connection from being made.
    init(connecting error: any Error) {
        self.init(Self.reason(connecting: error))
    }

    private static func reason(connecting error: any Error) -> Reason {
        if let error = error as? ChannelError, case .connectTimeout = error {
            return .connectTimeout
        }
        guard let error = error as? IOError else { return .connectFailed }
        switch error.errnoCode {
        case ECONNREFUSED: return .connectionRefused
        case ECONNRESET, EPIPE: return .connectionReset
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EADDRNOTAVAIL: return .unroutable
        case ETIMEDOUT: return .connectTimeout
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .outOfDescriptors
        default: return .connectFailed
        }
    }
}
