import Glibc
import NIOCore
import NIOPosix
import Routing

/// Makes upstream connections, on the loop that will use them.
enum UpstreamConnector {
    static func connect(
        to pool: EndpointPool,
        worker: Worker,
        timeout: TimeAmount,
        done: @escaping (Result<UpstreamConnection, Failure>) -> Void
    ) {
        let address: SocketAddress
        do {
            address = try SocketAddress(pool.endpoint)
        } catch {
            return done(.failure(Failure(.internal)))
        }
        let connection = UpstreamConnection(worker: worker, pool: pool)
        let completion = NIOLoopBound(done, eventLoop: worker.loop)
        ClientBootstrap(group: worker.loop)
            .connectTimeout(timeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelOption(.writeBufferWaterMark, value: ChannelTuning.watermark)
            .channelOption(.recvAllocator, value: ChannelTuning.receive)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .connect(to: address)
            .whenComplete { result in
                switch result {
                case .success: completion.value(.success(connection))
                case .failure(let error): completion.value(.failure(failure(of: error)))
                }
            }
    }

    /// What kept a connection from being made.
    static func failure(of error: any Error) -> Failure {
        if let error = error as? ChannelError, case .connectTimeout = error {
            return Failure(.connectTimeout)
        }
        guard let error = error as? IOError else { return Failure(.connectFailed) }
        switch error.errnoCode {
        case ECONNREFUSED: return Failure(.connectionRefused)
        case ECONNRESET, EPIPE: return Failure(.connectionReset)
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EADDRNOTAVAIL: return Failure(.unroutable)
        case ETIMEDOUT: return Failure(.connectTimeout)
        default: return Failure(.connectFailed)
        }
    }
}

/// What the sockets of both sides are set to.
enum ChannelTuning {
    static let watermark = ChannelOptions.Types.WriteBufferWaterMark(
        low: Bounds.writeLowWatermark,
        high: Bounds.writeHighWatermark
    )
    /// Small at first: most requests and answers are; bodies make it grow.
    static let receive = AdaptiveRecvByteBufferAllocator(
        minimum: 1024,
        initial: 2048,
        maximum: Bounds.readBytes
    )
}
