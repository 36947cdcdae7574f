import ProxyCore
import Glibc
import NIOCore

/// Stops a listening socket for a while when there is no descriptor for what it would accept: the socket stays
/// ready, and the loop would try again without end. Who has connected waits in the kernel.
///
/// NIO's `AcceptBackoffHandler` holds back the next `read`, but not the one that has just failed: it stays pending,
/// and the socket stays watched. Without automatic reading it is not.
final class AcceptBackoff: ChannelInboundHandler {
    typealias InboundIn = any Channel

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Self.isShortage(error.errnoCode),
            let options = context.channel.syncOptions
        else { return context.fireErrorCaught(error) }
        let pause: Void? = try? options.setOption(.autoRead, value: false)
        guard pause != nil else { return }
        let channel = context.channel
        context.eventLoop.assumeIsolated().scheduleTask(in: DataPathConstants.acceptPause) {
            // One that has been closed meanwhile has no options.
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }

    private static func isShortage(_ code: CInt) -> Bool {
        switch code {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: true
        default: false
        }
    }
}
