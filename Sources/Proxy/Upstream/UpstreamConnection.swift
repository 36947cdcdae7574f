import ProxyCore
import Glibc
import HTTP1
import NIOCore
import NIOPosix
import Settings

/// One connection to an endpoint: it waits in its pool, or carries one exchange.
///
/// It owns the bytes that come from the endpoint, parses the answer with the same
/// strictness as requests, and tells the exchange's `DownstreamConnection` by plain
/// calls: both live on the same event loop.
///
/// `@unchecked Sendable`: touched on its worker's loop alone.
final class UpstreamConnection: ChannelDuplexHandler, UpstreamCarrier, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case idle
        case head
        case body
        case tunnel
        case closed
    }

    let upstream: Upstream
    /// Since when it waits in the pool.
    var idleSince: NIODeadline = .uptimeNanoseconds(0)

    private let worker: Worker
    private var context: ChannelHandlerContext?
    /// The context's, held: asking it each time goes by the pipeline.
    private var channel: (any Channel)?
    private var phase = Phase.idle
    private var inbound = ByteBuffer()
    private var scanned = 0
    private var decoder = BodyDecoder(.none)
    /// The exchange that is carried; nil while idle.
    private var exchange: DownstreamConnection?
    private var readHeldBack = false
    /// The endpoint lets the connection live on after the answer that is under way.
    private(set) var keepsAlive = false
    private var outflow = WriteBacklog()
    /// The socket, while there is one: it is closed after the handler has been removed, or with `phase` at its end.
    private var descriptor: NIOBSDSocket.Handle?
    /// An error came before the end: what ends by close has not ended well.
    private var broken = false

    init(worker: Worker, upstream: Upstream) {
        self.worker = worker
        self.upstream = upstream
    }

    /// May carry an exchange.
    var isUsable: Bool { phase == .idle && channel?.isActive == true }

    /// Whether nothing waits in the socket that has not been read yet: neither its end, nor
    /// bytes that nobody asked for.
    var hasNoPendingInput: Bool {
        // In a test without sockets there is none.
        guard phase != .closed, channel?.isActive == true, let descriptor else { return true }
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count < 0 && errno == EAGAIN
    }

    /// Takes more bytes without holding them in memory.
    var isWritable: Bool { channel.map { $0.isWritable && !outflow.isFull } ?? false }

    /// What has been written and the kernel has not taken yet, bytes.
    var waitingBytes: Int { channel?.waitingBytes ?? 0 }

    /// Whether the endpoint took some of this exchange's bytes since the last look. The kernel is asked only where
    /// some of them may still be in its buffer.
    func hasTaken() -> Bool {
        guard let channel else { return false }
        let waiting = channel.waitingBytes
        guard waiting > 0 || outflow.written > DataPathConstants.watchedRequestBytes else { return false }
        return outflow.tookMore(waiting: waiting &+ channel.unacknowledgedBytes)
    }

    // MARK: Called by the exchange

    /// Begins to carry an exchange.
    func begin(_ exchange: DownstreamConnection) {
        assert(phase == .idle)
        self.exchange = exchange
        outflow.restart()
        phase = .head
        scanned = 0
    }

    func write(_ bytes: ByteBuffer) {
        guard let context else { return }
        guard outflow.add(bytes.readableBytes) else {
            return context.write(wrapOutboundOut(bytes), promise: nil)
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenSuccess { [self] in
            outflow.emptied()
            endpointTookBytes()
        }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }

    func flush() {
        context?.flush()
    }

    /// The bytes in both directions are another protocol's from here on.
    func beginTunnel() {
        guard phase == .head else { return }
        phase = .tunnel
    }

    /// Passes on a half-close of the downstream, behind the bytes that still wait.
    func closeOutput() {
        context?.closeOutputAfterWrites()
    }

    /// The exchange is over before its answer is: the connection is of no further use.
    func abandon() {
        exchange = nil
        close()
    }

    func close() {
        guard phase != .closed else { return }
        phase = .closed
        exchange = nil
        context?.close(promise: nil)
    }

    /// The downstream takes bytes again.
    func resumeReading() {
        guard readHeldBack, let context else { return }
        readHeldBack = false
        context.read()
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.channel = context.channel
        // Asked for once: the pipeline finds it by a cast that costs as much as half a request.
        self.descriptor = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { $0 }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.channel = nil
        self.descriptor = nil
    }

    func read(context: ChannelHandlerContext) {
        if let exchange, !exchange.takesAnswerBytes {
            readHeldBack = true
        } else {
            context.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        switch phase {
        case .idle:
            // Nobody asked: whatever it is, it must not become the next answer's beginning.
            upstream.remove(self)
            close()
        case .closed:
            break
        case .tunnel:
            exchange?.tunnelFromUpstream(bytes)
        case .head, .body:
            inbound.appendRead(&bytes)
            // NIO reads into a buffer of its own again only when nobody else holds it.
            bytes = ByteBuffer()
            exchange?.upstreamSpoke()
            process()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        exchange?.flushAnswer()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        endpointTookBytes()
    }

    private func endpointTookBytes() {
        if isWritable { exchange?.upstreamTakesBytes() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        if phase == .tunnel {
            exchange?.tunnelInputClosedByUpstream()
        } else {
            ended()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        broken = true
    }

    func channelInactive(context: ChannelHandlerContext) {
        // An orderly end is told as `inputClosed` before.
        broken = true
        ended()
    }

    // MARK: The answer

    private func process() {
        while true {
            switch phase {
            case .head:
                guard inbound.readableBytes > 0, parseHead() else { return compact() }
            case .body:
                guard passBody() else { return compact() }
            case .tunnel:
                let rest = inbound
                inbound = ByteBuffer()
                if rest.readableBytes > 0 { exchange?.tunnelFromUpstream(rest) }
                return
            case .idle, .closed:
                return
            }
        }
    }

    private func compact() {
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
    }

    /// True when a head was taken and there is more to look at.
    private func parseHead() -> Bool {
        guard let exchange else { return false }
        let source = inbound
        do {
            let complete = try worker.answerHead.parse(
                source.readableBytesUInt8Span,
                scanned: &scanned,
                limits: worker.settings.limits.head,
                requestMethod: exchange.method
            )
            guard complete else { return false }
        } catch {
            fail(Failure(error))
            return false
        }
        inbound.moveReaderIndex(forwardBy: worker.answerHead.length)
        scanned = 0
        keepsAlive = worker.answerHead.keepAlive
        decoder = BodyDecoder(worker.answerHead.framing, limits: worker.settings.limits.head)
        switch exchange.answerHead(worker.answerHead, from: source) {
        case .interim:
            return true
        case .body:
            phase = .body
            return true
        case .tunnel:
            return true
        case .over:
            return false
        }
    }

    /// Passes on what is there of the body; true when there is more to look at.
    private func passBody() -> Bool {
        guard let exchange else { return false }
        var offset = 0
        let source = inbound
        var ended = decoder.isComplete
        do {
            let unframed = exchange.wantsBareBody
            pieces: while !ended {
                if unframed {
                    switch try decoder.next(source.readableBytesUInt8Span, offset: &offset) {
                    case .data(let range): exchange.answerBytes(source, range)
                    case .framing, .trailer, .skipped: continue
                    case .needMore: break pieces
                    case .end: ended = true
                    }
                } else {
                    switch try decoder.nextRun(source.readableBytesUInt8Span, offset: &offset) {
                    case .pass(let range): exchange.answerBytes(source, range)
                    case .needMore: break pieces
                    case .end: ended = true
                    }
                }
            }
        } catch {
            if !exchange.withdrawAnswer() {
                // What came before the error still goes out: nothing may stay in the buffer that all
                // exchanges of the loop share.
                exchange.answerContent(bytes: decoder.bodyBytes)
                exchange.flushAnswer()
            }
            fail(Failure(responseBody: error))
            return false
        }
        inbound.moveReaderIndex(forwardBy: offset)
        exchange.answerContent(bytes: decoder.bodyBytes)
        guard ended else { return false }
        complete(exchange)
        return false
    }

    /// The answer is whole: back to the pool, or closed where the endpoint wants it or
    /// said more than was asked for.
    private func complete(_ exchange: DownstreamConnection) {
        let clean = inbound.readableBytes == 0
        inbound = ByteBuffer()
        self.exchange = nil
        if clean {
            phase = .idle
        } else {
            close()
        }
        exchange.answerEnded(from: self)
    }

    private func fail(_ failure: Failure) {
        let exchange = self.exchange
        close()
        exchange?.upstreamLost(failure)
    }

    /// The endpoint sends no more.
    private func ended() {
        switch phase {
        case .idle:
            upstream.remove(self)
            close()
        case .head:
            fail(Failure(.connectionReset))
        case .body:
            guard !broken, let exchange, (try? decoder.finish()) != nil else {
                return fail(Failure(.responseIncomplete))
            }
            self.exchange = nil
            close()
            exchange.answerEnded(from: self)
        case .tunnel:
            let exchange = self.exchange
            close()
            exchange?.tunnelClosedByUpstream()
        case .closed:
            break
        }
    }
}

extension ByteBuffer {
    /// Puts a read behind what is left of those before it. The room of what was consumed is used
    /// again, or a peer whose reads never end with a message would make the buffer grow for ever.
    mutating func appendRead(_ bytes: inout ByteBuffer) {
        guard readableBytes > 0 else {
            self = bytes
            return
        }
        // Only when more is won than is moved: each byte is moved about once.
        if readerIndex >= readableBytes { discardReadBytes() }
        writeBuffer(&bytes)
    }
}

extension ChannelHandlerContext {
    /// Half-closes once everything written has been handed to the kernel. Where the other half is
    /// closed already NIO makes a full close of it, which would drop what waits.
    func closeOutputAfterWrites() {
        let promise = eventLoop.makePromise(of: Void.self)
        let channel = self.channel
        promise.futureResult.whenComplete { _ in channel.close(mode: .output, promise: nil) }
        writeAndFlush(NIOAny(ByteBuffer()), promise: promise)
    }
}
