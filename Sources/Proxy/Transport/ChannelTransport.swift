import Glibc
package import NIOCore
import NIOPosix
package import ProxyCore

/// A NIO channel as a transport: of a socket, or of a test, which has none.
///
/// The last handler of its channel's pipeline.
///
/// `@unchecked Sendable`: touched on its channel's loop alone.
package final class ChannelTransport: ChannelDuplexHandler, Transport, @unchecked Sendable {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = Never
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    package var owner: (any TransportOwner)?
    package private(set) var isReadingPaused = false

    private var context: ChannelHandlerContext?
    /// The context's, held: each access to it goes through the pipeline.
    private(set) var channel: (any Channel)?
    /// The socket, once it was needed: nil where there is none.
    private var foundDescriptor: NIOBSDSocket.Handle??
    /// Pieces written since the count was full the last time.
    private var pieces = 0
    private var hasLargeBuffers: Bool
    private var hasFailed = false

    /// - Parameter largeBuffers: the buffers may grow from the beginning; else when the first large body passes.
    package init(owner: any TransportOwner, largeBuffers: Bool) {
        self.owner = owner
        self.hasLargeBuffers = largeBuffers
    }

    // MARK: Transport

    package var isActive: Bool { channel?.isActive == true }

    /// A watermark counts bytes. A piece of one byte costs some hundred more while it waits, so pieces count too.
    package var isWritable: Bool {
        guard let channel else { return false }
        return pieces < DataPathConstants.waitingPieces && channel.isWritable
    }

    package var waitingBytes: Int { (try? channel?.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }

    package var unacknowledgedBytes: Int {
        guard let descriptor else { return 0 }
        var bytes: Int32 = 0
        // SIOCOUTQ, see tcp(7).
        return ioctl(descriptor, UInt(TIOCOUTQ), &bytes) == 0 ? Int(max(0, bytes)) : 0
    }

    package var hasPendingInput: Bool {
        guard let descriptor, isActive else { return false }
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count >= 0 || errno != EAGAIN
    }

    package func write(_ bytes: ByteBuffer) {
        guard let context else { return }
        pieces &+= 1
        guard pieces == DataPathConstants.waitingPieces else {
            return context.write(wrapOutboundOut(bytes), promise: nil)
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenSuccess { [self] in
            pieces = 0
            owner?.becameWritable()
        }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    package func flush() {
        context?.flush()
    }

    package func resumeReading() {
        guard isReadingPaused, let context, owner?.acceptsBytes ?? true else { return }
        isReadingPaused = false
        context.read()
    }

    package func closeOutput() {
        guard let context else { return }
        let channel = context.channel
        // NIO makes a full close of a half-close that follows the peer's, which would drop what waits.
        whenFlushed { channel.close(mode: .output, promise: nil) }
    }

    package func whenFlushed(_ done: @escaping () -> Void) {
        guard let context else { return done() }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in done() }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promise)
    }

    package func close() {
        owner = nil
        context?.close(promise: nil)
    }

    package func resetOnClose() {
        // Done at once, as this is the channel's loop.
        _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }

    // MARK: Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        channel = context.channel
        if hasLargeBuffers { ChannelTuning.useLargeBuffers(context.channel) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        // A connection that could not be made is never inactive: nobody else would let go of its owner.
        owner = nil
        self.context = nil
        channel = nil
        foundDescriptor = .some(nil)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if bytes.readableBytes >= ChannelTuning.largeRead { useLargeBuffers(context.channel) }
        owner?.received(&bytes)
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        owner?.readCompleted()
    }

    package func read(context: ChannelHandlerContext) {
        if owner?.acceptsBytes ?? true {
            context.read()
        } else {
            isReadingPaused = true
        }
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return useLargeBuffers(context.channel) }
        owner?.becameWritable()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        owner?.inputEnded()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        hasFailed = true
        // NIO closes the channel where the error is fatal; `channelInactive` follows.
        context.close(promise: nil)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        let owner = self.owner
        self.owner = nil
        owner?.closed(failed: hasFailed)
    }

    /// Looked up once, and only where it is needed: the pipeline finds it by a cast that costs as much as half a
    /// request.
    private var descriptor: NIOBSDSocket.Handle? {
        if let foundDescriptor { return foundDescriptor }
        let found = try? context?.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { $0 }
        foundDescriptor = .some(found)
        return found
    }

    private func useLargeBuffers(_ channel: any Channel) {
        guard !hasLargeBuffers else { return }
        hasLargeBuffers = true
        ChannelTuning.useLargeBuffers(channel)
    }
}
