import NIOCore
import NIOPosix

/// Sets up the connections that a listening socket accepts, without the futures that the bootstrap has for each of
/// them.
///
/// `@unchecked Sendable`: touched on its worker's loop alone.
final class Acceptor: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = any Channel

    private let worker: Worker
    /// After the bootstrap's own handler.
    private var last: ChannelHandlerContext?

    init(_ worker: Worker) {
        self.worker = worker
    }

    /// From now on accepted channels pass by the bootstrap's own handler, which would set them up once more. Until
    /// then they go through it, which only costs more.
    static func takeOver(_ listening: any Channel) async throws {
        try await listening.eventLoop.submit {
            let pipeline = listening.pipeline.syncOperations
            let acceptor = try pipeline.handler(type: Acceptor.self)
            let last = LastHandler()
            try pipeline.addHandler(last)
            acceptor.last = try pipeline.context(handler: last)
        }.get()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        guard let connection = worker.admit(channel) else { return channel.close(promise: nil) }
        let transport = connection.transportForChannel()
        do {
            try ChannelTuning.begin(channel)
            try channel.pipeline.syncOperations.addHandler(transport)
        } catch {
            connection.abort()
            return channel.close(promise: nil)
        }
        // At the end of the pipeline the channel joins the loop.
        (last ?? context).fireChannelRead(data)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        last = nil
    }
}

/// Marks the end of a pipeline.
private final class LastHandler: ChannelInboundHandler, Sendable {
    typealias InboundIn = any Channel
}
