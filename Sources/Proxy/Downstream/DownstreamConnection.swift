import Transports
import HTTP1
import NIOCore
import ProxyCore
import Settings

/// One HTTP/1 connection of a client, or of the tier before this one. It owns the bytes that arrive and takes request
/// after request from them. What becomes of a request is its `Exchange`'s business: `+Exchange` has what that calls.
///
/// `@unchecked Sendable`: touched on its worker's loop alone.
final class DownstreamConnection: TransportOwner, ClientConnection, @unchecked Sendable {
    let worker: Worker
    let connection: ConnectionInfo
    let exchange: Exchange
    /// Its index in the worker's list.
    var listIndex = -1

    var transport: (any Transport)?
    var phase = DownstreamPhase.idle
    var inbound = ByteBuffer()
    var body = HTTP1RequestBody()
    /// How the response is framed, and whether the connection lives on after it.
    var response = HTTP1Response()
    var clock: DownstreamClock
    /// The downstream has closed its half.
    var inputClosed = false
    var backlog = ResponseBacklog()

    /// How far the search for the head's end has come.
    private var scanned = 0
    /// Requests that began on this connection.
    private(set) var requests: UInt64 = 0
    private var isAdvancing = false

    init(worker: Worker, connection: ConnectionInfo, now: NIODeadline) {
        self.worker = worker
        self.connection = connection
        self.exchange = Exchange(context: worker.context)
        self.clock = DownstreamClock(now: now)
    }

    /// The connection has been accepted.
    func begin(_ transport: any Transport) {
        self.transport = transport
        transport.owner = self
        exchange.attach(to: self)
        worker.opened(self)
    }

    // MARK: TransportOwner

    func received(_ bytes: inout ByteBuffer) {
        switch phase {
        case .closed, .tunnel:
            break
        case .lingering:
            if backlog.bytes == 0 { clock.restart(now: worker.now) }
        case .idle where requests == 0 && worker.becomesHTTP2(self, &bytes): break
        case .idle, .exchange, .discarding:
            inbound.appendRead(&bytes)
            bytes = ByteBuffer()
            advance()
            inbound.keep()
        }
    }

    func readCompleted() {}

    func becameWritable() {
        guard acceptsResponse else { return }
        exchange.downstreamBecameWritable()
        advance()
    }

    func inputEnded() {
        inputClosed = true
        switch phase {
        case .idle:
            // Whole requests that wait still get their responses; `step` finds a head that is cut off.
            if hasNoMoreInput { closeGently() } else { advance() }
        case .exchange:
            // A request that is complete still gets its response, also where the rest of it still waits for the
            // upstream; `passBody` finds a body that is cut off.
            guard exchange.awaitsRequestBody else { break }
            if hasNoMoreInput { downstreamGone() } else { advance() }
        case .discarding:
            closeGently()
        case .lingering, .tunnel, .closed:
            // The transport closes when what still waits has left.
            break
        }
    }

    func closed(failed: Bool) {
        transport = nil
        downstreamGone()
    }

    /// No further request follows: the downstream has closed its half, and what it sent has been taken.
    var hasNoMoreInput: Bool { inputClosed && inbound.readableBytes == 0 }

    // MARK: Going on

    /// Does what can be done with the bytes that are there. Iterative: a thousand pipelined requests take a thousand
    /// turns of this loop, not of the stack.
    func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        while step() {}
        isAdvancing = false
        guard let transport else { return }
        // While the response is awaited, the next tick is soon enough to see that the client has gone: a connection of
        // one request mostly ends before.
        if phase != .exchange || exchange.awaitsRequestBody { transport.awaitInput() }
        transport.resumeReading()
    }

    /// True when something changed and there may be more to do.
    private func step() -> Bool {
        guard transport != nil else { return false }
        switch phase {
        case .idle:
            // The last response leaves first: pipelining must not pile responses up.
            guard inbound.readableBytes > 0, acceptsResponse else { return false }
            if beginRequest() { return true }
            if inputClosed { closeGently() }
            return false
        case .exchange:
            return passBody()
        case .discarding:
            return discardBody()
        case .lingering, .tunnel, .closed:
            return false
        }
    }

    /// Whether bytes that arrive now have a place to go: this is the back-pressure.
    var acceptsBytes: Bool {
        switch phase {
        case .idle:
            inbound.readableBytes < headLimits.headBytes &+ DataPathConstants.heldBytes
        case .exchange:
            !exchange.isRequestBlocked
                && inbound.readableBytes < body.heldBytes(isTaken: exchange.acceptsRequestBody)
        case .discarding, .lingering, .tunnel, .closed:
            true
        }
    }

    /// What a head of this connection, or a trailer section, may cost.
    private var headLimits: HeadLimits { worker.context.settings.limits.head(trusted: connection.trusted) }

    // MARK: The request

    /// Takes the next head, if it is there; true when an exchange began or ended.
    private func beginRequest() -> Bool {
        let source = inbound
        do {
            let complete = try worker.requestHead.parse(
                source.readableBytesUInt8Span,
                scanned: &scanned,
                limits: headLimits
            )
            guard complete else {
                // An empty line after a request does not begin a head (RFC 9112 §2.2): its sender owes nothing, and must
                // not get a 408 later.
                if source.readableBytes > 2 { clock.headArrives(now: worker.now) }
                return false
            }
        } catch {
            worker.noteProtocol(error, self)
            if !worker.refusesPreface(error, self) { refuseHead(Failure(error), now: worker.now) }
            return true
        }
        enterExchange()
        inbound.moveReaderIndex(forwardBy: worker.requestHead.length)
        if inbound.readableBytes == 0 { inbound = ByteBuffer() }
        let context = worker.context
        response = HTTP1Response(
            to: worker.requestHead,
            keepsAlive: !context.isDraining && context.settings.timeouts.keepAlive > .zero
        )
        body = HTTP1RequestBody(worker.requestHead.framing, limits: headLimits)
        exchange.begin(worker.requestHead, source, now: worker.now)
        return true
    }

    /// A head that cannot be read, or does not arrive: an exchange that begins and fails.
    private func refuseHead(_ failure: Failure, now: NIODeadline) {
        let begun = inbound
        let method = MethodKind(atFrontOf: begun.readableBytesUInt8Span)
        enterExchange()
        response = HTTP1Response(toUnreadable: method)
        body = HTTP1RequestBody()
        exchange.refuse(failure, method: method, now: now)
    }

    private func enterExchange() {
        phase = .exchange
        clock.headEnded()
        scanned = 0
        requests &+= 1
    }

    /// Passes on what is there of the body, as long as the upstream accepts it.
    private func passBody() -> Bool {
        guard exchange.acceptsRequestBody, inbound.readableBytes > 0 else { return false }
        let source = inbound
        let ended: Bool
        do throws(Failure) {
            ended = try body.read(&inbound, into: &worker.scratch.runs, limit: exchange.bodyLimit)
        } catch {
            exchange.fail(error)
            return true
        }
        let serial = exchange.serial
        exchange.requestBodyArrived(passed: !worker.scratch.runs.isEmpty)
        HTTP1RequestBody.pass(worker.scratch.runs, of: source) { exchange.sendRequestBody($0) }
        if ended {
            exchange.requestEnded()
        } else if inputClosed {
            downstreamGone()
            return true
        }
        exchange.flushRequest()
        // Writing may have found the upstream gone, and ended the exchange.
        return exchange.serial != serial || phase != .exchange
    }

    /// Discards the rest of a request that has its response, and goes on with the next one.
    private func discardBody() -> Bool {
        guard inbound.readableBytes > 0 else { return false }
        guard let ended = try? body.read(&inbound, into: &worker.scratch.runs, limit: nil) else {
            closeGently()
            return false
        }
        if ended { becomeIdle() }
        return ended
    }

    // MARK: The end

    func becomeIdle() {
        phase = .idle
        // Now, and not when the response began: that may be long ago.
        clock.restart(now: worker.now)
        if worker.context.endsIdle || hasNoMoreInput { closeGently() }
    }

    private func downstreamGone() {
        exchange.downstreamGone()
        abort()
    }

    /// Closes at once; what still waits to be sent is lost.
    func abort(resets: Bool = false) {
        guard phase != .closed || listIndex >= 0 else { return }
        phase = .closed
        inbound = ByteBuffer()
        // To HTTP/1.0 closing is how a response ends: only a reset shows that this one has not, or that some of it
        // still waits to be sent.
        if resets || response.version == .http10, response.isOpen || waitingBytes > 0 {
            transport?.resetOnClose()
        }
        exchange.detach()
        worker.closed(self)
        transport?.close()
        transport = nil
    }

    /// Closes after the response: first the output, then, when the client has read it or some time has passed, the
    /// rest (RFC 9112 §9.6).
    func closeGently() {
        guard phase != .lingering, phase != .closed, let transport else { return }
        phase = .lingering
        clock.accepted(now: worker.now)
        inbound = ByteBuffer()
        if inputClosed {
            transport.whenFlushed { [self] in abort() }
        } else {
            transport.closeOutput()
        }
        transport.resumeReading()
    }

    /// The tier shuts down: an idle connection closes, others after their exchange.
    func drain() {
        guard waitsForRequest, transport?.isOpening != true else { return }
        // The last response may still be on its way to a slow reader.
        if waitingBytes > 0 { closeGently() } else { abort() }
    }

    /// Nothing of a request has arrived, but the empty line after the last one.
    private var waitsForRequest: Bool { phase == .idle && !clock.headBegan && inbound.readableBytes <= 2 }

    /// It waits for its next request, or has sent nothing of its first for a second.
    var isDispensable: Bool {
        waitsForRequest && waitingBytes == 0
            && (requests > 0 || worker.now - clock.start >= .seconds(1))
            && transport?.hasPendingInput == false
    }

    /// The tier's time to shut down is over.
    func drainExpired() {
        exchange.drainExpired(isLast: true)
        abort(resets: true)
    }

    // MARK: Deadlines

    /// Called four times a second: there is no timer for a request.
    func tick(now: NIODeadline) {
        if phase != .tunnel, let transport, backlog.update(transport) {
            exchange.downstreamAccepted(now: now)
            if phase == .lingering || phase == .idle && requests > 0 { clock.accepted(now: now) }
        }
        if phase == .exchange || phase == .tunnel {
            transport?.awaitInput()
            return exchange.tick(now: now)
        }
        // What could still be sent has had the time of a request.
        if let end = worker.context.drainEnd, now >= end.requests { return abort(resets: true) }
        let timeouts = worker.context.settings.timeouts
        let (isBlocked, isFirst) = (backlog.bytes > 0, requests == 0)
        switch clock.verdict(phase, isBlocked: isBlocked, isFirst: isFirst, timeouts, now: now) {
        case .wait: break
        case .abort: abort()
        case .closeGently: closeGently()
        case .headIsLate: refuseHead(Failure(.requestTimeout), now: now)
        case .releaseBuffers: if inbound.readableBytes == 0 { exchange.releaseBuffers() }
        }
    }

    var waitingBytes: Int { transport?.waitingBytes ?? 0 }
}
