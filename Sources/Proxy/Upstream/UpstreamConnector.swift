import ProxyCore
import Glibc
import NIOCore
import NIOPosix
import Routing

/// Makes a connection on the worker's loop and tells `done`, at once or later.
typealias UpstreamConnector = (
    _ pool: Upstream,
    _ worker: Worker,
    _ timeout: TimeAmount,
    _ done: @escaping (Result<UpstreamConnection, Failure>) -> Void
) -> Void

/// Connects over TCP.
func connectSocket(
    to pool: Upstream,
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
    let connection = UpstreamConnection(worker: worker, upstream: pool)
    let completion = NIOLoopBound(done, eventLoop: worker.loop)
    ClientBootstrap(group: worker.loop)
        .connectTimeout(timeout)
        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
        .channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                try ChannelTuning.begin(channel)
                ChannelTuning.widen(channel)
                try channel.pipeline.syncOperations.addHandler(connection)
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

/// What the sockets of both sides are set to.
enum ChannelTuning {
    /// What a connection needs from its beginning, without a future for each as the
    /// bootstraps have it. On the channel's loop.
    static func begin(_ channel: any Channel) throws {
        try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
    }

    /// What only large bodies need: set when the first one passes, because each option costs
    /// a new connection about as much as parsing its request. On the channel's loop.
    static func widen(_ channel: any Channel) {
        guard let options = channel.syncOptions else { return }
        // A channel that has just been closed takes no options, and needs none.
        try? options.setOption(.writeBufferWaterMark, value: watermark)
        try? options.setOption(.recvAllocator, value: receive)
    }

    /// A read of this many bytes says that a large body passes.
    static let largeRead = 16 << 10

    private static let watermark = ChannelOptions.Types.WriteBufferWaterMark(
        low: DataPathConstants.writeLowWatermark,
        high: DataPathConstants.writeHighWatermark
    )
    /// Small at first: most requests and answers are; bodies make it grow.
    private static let receive = AdaptiveRecvByteBufferAllocator(
        minimum: 1024,
        initial: 2048,
        maximum: DataPathConstants.readBytes
    )
}
