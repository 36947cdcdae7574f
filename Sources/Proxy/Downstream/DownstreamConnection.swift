import ProxyCore
import HTTP1
import NIOCore
import Routing
import Settings

/// One connection of a client (or of the tier in front): it owns the bytes that come,
/// takes request after request from them, and joins each with an upstream.
///
/// The path of a request, from top to bottom:
///
/// 1. `beginRequest`: head → decision (`+Request`)
/// 2. `forward`: decision → endpoint → upstream connection (`+Request`)
/// 3. `pumpBody`: the body goes upstream as the upstream takes it (`+Body`)
/// 4. `answerHead`, `answerBytes`, `answerEnded`: the answer comes back (`+Answer`)
/// 5. `finish`: log record, counters, next request (`+End`)
///
/// What goes wrong ends in `fail`; what takes too long is found by `tick` (`+Tick`).
///
/// `@unchecked Sendable`: touched on its worker's loop alone.
final class DownstreamConnection: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// Between requests, or a head is arriving.
        case idle
        case exchange
        /// The answer has been given; the rest of the request's body is thrown away.
        case discarding
        /// The answer has been given and the output closed; whatever comes is thrown away.
        case lingering
        /// Bytes pass both ways, after 101.
        case tunnel
        /// The client has gone from a tunnel, in order; what it said last is still on its way upstream.
        case tail
        case closed
    }

    let worker: Worker
    var edge: ConnectionInfo
    /// The place in the worker's list.
    var place = -1

    var phase = Phase.idle
    var exchange = Exchange()
    var inbound = ByteBuffer()
    /// How far the search for the head's end has come.
    var scanned = 0
    /// Since when the connection is in its phase, or waits for the head that has begun.
    var stamp: NIODeadline
    /// Bytes of the next head have come.
    var headBegan = false
    /// Requests that began on this connection.
    var requests: UInt64 = 0
    /// The downstream has closed its half.
    var inputClosed = false
    /// Bytes thrown away so far.
    var discarded = 0
    /// What waited to be written at the last tick, bytes.
    var backlog = 0
    /// Since when the client might have read all of the last answer.
    var lingerStamp: NIODeadline
    var outflow = WriteBacklog()
    /// The connection ended by an error.
    private(set) var failed = false

    private(set) var context: ChannelHandlerContext?
    /// The context's, held: asking it each time goes by the pipeline.
    private(set) var channel: (any Channel)?
    private var readHeldBack = false
    private var advancing = false
    private var widened = false

    init(worker: Worker, edge: ConnectionInfo, now: NIODeadline) {
        self.worker = worker
        self.edge = edge
        self.stamp = now
        self.lingerStamp = now
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.channel = context.channel
        worker.opened(self)
    }

    /// Large bodies pass here: the channel's buffers may grow.
    private func widen() {
        guard !widened, let channel else { return }
        widened = true
        ChannelTuning.widen(channel)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.channel = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        downstreamGone()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failed = true
        // NIO closes the channel where the error is fatal; `channelInactive` follows.
        context.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if bytes.readableBytes >= ChannelTuning.largeRead { widen() }
        switch phase {
        case .closed, .tail:
            return
        case .lingering:
            // Who still sends may still read; but not for ever (`tick`).
            if backlog == 0 { stamp = worker.now }
            return
        case .tunnel:
            tunnelFromDownstream(bytes)
            return
        case .idle, .exchange, .discarding:
            inbound.appendRead(&bytes)
            // NIO reads into a buffer of its own again only when nobody else holds it.
            bytes = ByteBuffer()
            advance()
        }
    }

    func read(context: ChannelHandlerContext) {
        if takesRequestBytes {
            context.read()
        } else {
            readHeldBack = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard context.channel.isWritable else { return widen() }
        clientTookBytes()
    }

    private func clientTookBytes() {
        guard takesAnswerBytes else { return }
        exchange.machine.downstreamTook(now: worker.now)
        exchange.upstream?.resumeReading()
        advance()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else { return }
        inputClosed = true
        switch phase {
        case .idle:
            // Whole requests that wait are still answered; `step` finds a head that is cut off.
            if saidAll { closeGently() } else { advance() }
        case .exchange:
            // A request that is whole still gets its answer, also where the rest of it still waits
            // for the upstream; `pumpBody` finds a body that is cut off.
            guard exchange.machine.request == .streaming else { break }
            if saidAll { downstreamGone() } else { advance() }
        case .tunnel:
            exchange.upstream?.closeOutput()
        case .discarding:
            closeGently()
        case .lingering, .tail, .closed:
            // NIO makes a full close of the half-close that follows what still waits.
            break
        }
    }

    /// No further request will come: the downstream has closed its half, and what it sent is taken.
    var saidAll: Bool { inputClosed && inbound.readableBytes == 0 }

    // MARK: Going on

    /// Does what can be done with the bytes that are there. Iterative: a thousand
    /// pipelined requests take a thousand turns of this loop, not of the stack.
    func advance() {
        guard !advancing else { return }
        advancing = true
        while step() {}
        advancing = false
        if inbound.readableBytes == 0, inbound.capacity > 0 { inbound = ByteBuffer() }
        resumeReading()
    }

    /// True when something changed and there may be more to do.
    private func step() -> Bool {
        guard context != nil else { return false }
        switch phase {
        case .idle:
            // The last answer leaves first: pipelining must not pile answers up.
            guard inbound.readableBytes > 0, takesAnswerBytes else { return false }
            if beginRequest() { return true }
            if inputClosed { closeGently() }
            return false
        case .exchange:
            return pumpBody()
        case .discarding:
            return discardBody()
        case .lingering, .tunnel, .tail, .closed:
            return false
        }
    }

    func resumeReading() {
        guard readHeldBack, takesRequestBytes, let context else { return }
        readHeldBack = false
        context.read()
    }

    /// Whether bytes that come now have a place to go: this is the back-pressure.
    private var takesRequestBytes: Bool {
        switch phase {
        case .idle:
            inbound.readableBytes < headLimits.headBytes &+ DataPathConstants.heldBytes
        case .exchange:
            if exchange.machine.request == .streaming, let upstream = exchange.upstream {
                upstream.isWritable && inbound.readableBytes < heldLimit
            } else {
                inbound.readableBytes < DataPathConstants.heldBytes
            }
        case .tunnel:
            exchange.upstream?.isWritable ?? true
        case .discarding, .lingering, .tail, .closed:
            true
        }
    }

    /// Trailers are taken as a whole: as many bytes as they may have must fit.
    private var heldLimit: Int { max(DataPathConstants.heldBytes, headLimits.headBytes &+ 1) }

    /// What a head of this connection, or a trailer section, may cost.
    var headLimits: HeadLimits { worker.settings.limits.head(trusted: edge.trusted) }

    // MARK: Called by the upstream

    /// Whether the answer's bytes have a place to go.
    var takesAnswerBytes: Bool { channel.map { $0.isWritable && !outflow.isFull } ?? true }

    /// The method decides how an answer ends (RFC 9112 §6.3).
    var method: MethodKind { exchange.method }

    func upstreamTakesBytes() {
        exchange.machine.upstreamTook(now: worker.now)
        // Its time to send the next bytes begins when they are wanted.
        if readHeldBack { exchange.machine.downstreamSpoke(now: worker.now) }
        advance()
        resumeReading()
    }

    func upstreamSpoke() {
        exchange.machine.upstreamSpoke(now: worker.now)
    }

    func flushAnswer() {
        context?.flush()
    }

    func write(_ bytes: ByteBuffer) {
        guard let context else { return }
        guard outflow.add(bytes.readableBytes) else {
            return context.write(wrapOutboundOut(bytes), promise: nil)
        }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenSuccess { [self] in
            outflow.emptied()
            clientTookBytes()
        }
        context.write(wrapOutboundOut(bytes), promise: promise)
    }
}
