import HTTP1
import HTTP2
import NIOCore
import ProxyCore
import Settings
import Transports

/// One request of an HTTP/2 connection, on its stream. What becomes of the request is its `Exchange`'s business.
///
/// The request's body is passed on as HTTP/1 frames it: its content by length, or in chunks. `+Exchange` has what an
/// exchange calls.
///
/// Used on its worker's loop alone, for one request after another.
final class HTTP2DownstreamStream: HTTP2StreamOwner, HTTP2OutputWaiter {
    enum Phase {
        /// Belongs to no stream.
        case free
        /// Its head has arrived, and its exchange has not begun.
        case new
        case exchange
        /// The response has been queued to its end, or the stream was reset: whatever arrives is discarded.
        case finishing
        /// A tunnel has the stream.
        case tunnel
        /// The stream is gone.
        case done
    }

    let worker: Worker
    let exchange: Exchange
    private(set) var link: HTTP2DownstreamConnection?
    private(set) var stream: HTTP2Stream?
    var phase = Phase.free
    /// Its place among the requests of its connection; -1: it is not one of them.
    var listIndex = -1

    private var head = ByteRange.empty
    private var headError: HTTP2HeadError?
    /// Content that has arrived and was not passed on: at most the stream's window.
    private var inbound = ByteBuffer()
    private var isInputEnded = false
    /// Field lines after the body.
    private var trailers = ByteBuffer()
    private var framing = BodyFraming.none
    /// Content received so far, bytes.
    private(set) var bodyBytes: UInt64 = 0
    /// What the client called for is gRPC: failures have its form.
    private(set) var isGRPC = false
    /// It is an extended CONNECT (RFC 8441).
    private(set) var requiresUpgrade = false
    var method = MethodKind.other

    /// What waited to leave at the last tick, bytes, and since when none of it has.
    private var lastWaiting = 0
    private var blockedSince: NIODeadline?
    var isBlocked = false
    /// The client still sends its request, or has had time for that, since the response is complete.
    private var isInputLate = false
    /// The head of the response while it is written. Another response may begin before its end is known.
    var headText = ByteBuffer()
    /// It was not given to the session yet.
    var isHeadHeld = false
    /// A small piece of the response's body, for the session.
    var bodyText = ByteBuffer()
    /// The response has no body: its head is given to the session with its end.
    var hasEmptyResponse = false
    /// Field lines that follow the response's body.
    var responseTrailers = ByteBuffer()
    /// The head of the response has been given to the session.
    var hasSentHead = false

    init(worker: Worker) {
        self.worker = worker
        self.exchange = Exchange(context: worker.context)
    }

    /// Of a head's memory, what is kept for the next one.
    private static let keptBytes = 4 << 10

    // MARK: Its life

    func attach(_ stream: HTTP2Stream, of link: HTTP2DownstreamConnection, head: ByteRange, isLast: Bool) {
        attach(stream, of: link)
        self.head = head
        isInputEnded = isLast
    }

    func attach(_ stream: HTTP2Stream, of link: HTTP2DownstreamConnection, _ error: HTTP2HeadError) {
        attach(stream, of: link)
        headError = error
    }

    private func attach(_ stream: HTTP2Stream, of link: HTTP2DownstreamConnection) {
        self.stream = stream
        self.link = link
        stream.owner = self
        phase = .new
        exchange.attach(to: self)
    }

    var isNew: Bool { phase == .new }

    /// The stream is gone: the connection gives this back.
    func end() {
        phase = .done
        link?.ended(self)
    }

    /// Belongs to no stream from now on.
    func release() {
        if let stream, stream.owner === self { stream.owner = nil }
        exchange.detach()
        exchange.forgetRequest()
        stream = nil
        link = nil
        phase = .free
        head = .empty
        headError = nil
        inbound = ByteBuffer()
        isInputEnded = false
        trailers = ByteBuffer()
        framing = .none
        bodyBytes = 0
        isGRPC = false
        requiresUpgrade = false
        method = .other
        lastWaiting = 0
        blockedSince = nil
        isBlocked = false
        isInputLate = false
        if headText.storageCapacity > Self.keptBytes { headText = ByteBuffer() } else { headText.clear() }
        if bodyText.storageCapacity > Self.keptBytes { bodyText = ByteBuffer() }
        isHeadHeld = false
        hasEmptyResponse = false
        responseTrailers = ByteBuffer()
        hasSentHead = false
    }

    /// Begins the exchange.
    ///
    /// - Parameter text: holds the head.
    func begin(_ text: ByteBuffer) {
        phase = .exchange
        let now = worker.now
        let source = text.getSlice(at: text.readerIndex + head.lowerBound, length: head.count) ?? ByteBuffer()
        if let headError {
            return exchange.refuse(
                Failure(headError == .tooLarge ? .headTooLarge : .malformedRequest),
                method: method,
                now: now
            )
        }
        var scanned = 0
        do throws(RequestError) {
            let isComplete = try worker.requestHead.parse(
                source.readableBytesUInt8Span,
                scanned: &scanned,
                limits: worker.context.settings.limits.head(trusted: link?.connection.trusted == true)
            )
            guard isComplete else { throw .badMethod }
        } catch {
            let method = MethodKind(atFrontOf: source.readableBytesUInt8Span)
            self.method = method
            return exchange.refuse(Failure(error), method: method, now: now)
        }
        worker.requestHead.arrivedOverHTTP2()
        method = worker.requestHead.method
        framing = worker.requestHead.framing
        // No other request has the field.
        requiresUpgrade = worker.requestHead.first(.upgrade) != nil
        isGRPC = GRPCStatus.isGRPC(worker.requestHead, source.readableBytesUInt8Span)
        exchange.begin(worker.requestHead, source, now: now)
        passBody()
    }

    var malformed: Bool { headError == .malformed }

    // MARK: HTTP2StreamOwner

    func headArrived(_ text: ByteBuffer, _ range: ByteRange, isLast: Bool) {}

    func bodyArrived(_ bytes: ByteBuffer) {
        bodyBytes &+= UInt64(UInt(bitPattern: bytes.readableBytes))
        switch phase {
        case .new, .exchange:
            inbound.writeImmutableBuffer(bytes)
            if let limit = exchange.bodyLimit, bodyBytes > limit, phase == .exchange {
                return exchange.fail(Failure(.bodyTooLarge))
            }
            passBody()
        // Nothing is consumed: the window stops the client.
        case .finishing: inputIsLate()
        case .tunnel, .free, .done: break
        }
    }

    func trailersArrived(_ text: ByteBuffer, _ range: ByteRange) {
        trailers = ByteBuffer()
        if let lines = text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count) {
            trailers.writeImmutableBuffer(lines)
        }
    }

    func inputEnded() {
        isInputEnded = true
        passBody()
    }

    func streamClosed(_ code: HTTP2Code) {
        let wasRunning = phase == .exchange
        end()
        if wasRunning { exchange.downstreamGone() }
        exchange.detach()
    }

    /// The connection has ended.
    func connectionEnded() {
        if phase == .exchange || phase == .tunnel { exchange.downstreamGone() }
        phase = .done
    }

    func drainExpired() {
        if phase == .exchange || phase == .tunnel { exchange.drainExpired(isLast: true) }
    }

    // MARK: The request's body

    /// Content waits that the upstream does not accept.
    var isBodyPaused: Bool { phase == .exchange && inbound.readableBytes > 0 && exchange.isRequestBlocked }

    /// All of the request has arrived.
    var isRequestComplete: Bool { isInputEnded }

    /// Passes on what is there of the body, as long as the upstream accepts it.
    func passBody() {
        guard phase == .exchange, exchange.acceptsRequestBody, inbound.readableBytes > 0 || isInputEnded
        else { return }
        let serial = exchange.serial
        let content = inbound
        inbound = ByteBuffer()
        exchange.requestBodyArrived(passed: content.readableBytes > 0)
        if framing == .chunked {
            sendChunk(content)
        } else if content.readableBytes > 0 {
            exchange.sendRequestBody(content)
        }
        consumed(content.readableBytes)
        if isInputEnded {
            if framing == .chunked { exchange.sendRequestBody(lastChunk) }
            exchange.requestEnded()
        }
        if exchange.serial == serial { exchange.flushRequest() }
    }

    private func sendChunk(_ content: ByteBuffer) {
        guard content.readableBytes > 0 else { return }
        var chunk = ByteBuffer()
        chunk.writeHexadecimal(UInt64(UInt(bitPattern: content.readableBytes)))
        chunk.writeStaticString("\r\n")
        guard content.readableBytes > DataPathConstants.coalescedBytes else {
            chunk.writeImmutableBuffer(content)
            chunk.writeStaticString("\r\n")
            return exchange.sendRequestBody(chunk)
        }
        exchange.sendRequestBody(chunk)
        exchange.sendRequestBody(content)
        exchange.sendRequestBody(ByteBuffer(staticString: "\r\n"))
    }

    private var lastChunk: ByteBuffer {
        var end = ByteBuffer(staticString: "0\r\n")
        end.writeImmutableBuffer(trailers)
        end.writeStaticString("\r\n")
        return end
    }

    private func consumed(_ count: Int) {
        guard count > 0, let stream, let link else { return }
        link.session.consumed(count, of: stream)
        link.flushSoon()
    }

    /// Takes the whole body where it is small and has arrived; else takes nothing.
    func takeWholeBody(into out: inout ByteBuffer) -> Bool {
        guard isInputEnded, inbound.readableBytes <= DataPathConstants.coalescedBytes else { return false }
        if let limit = exchange.bodyLimit, bodyBytes > limit { return false }
        if framing == .chunked {
            if inbound.readableBytes > 0 {
                out.writeHexadecimal(UInt64(UInt(bitPattern: inbound.readableBytes)))
                out.writeStaticString("\r\n")
                out.writeImmutableBuffer(inbound)
                out.writeStaticString("\r\n")
            }
            out.writeImmutableBuffer(lastChunk)
        } else {
            out.writeImmutableBuffer(inbound)
        }
        inbound = ByteBuffer()
        return true
    }

    /// What has arrived and belongs to the protocol after an extended CONNECT.
    func takeEarly() -> ByteBuffer {
        let early = inbound
        inbound = ByteBuffer()
        consumed(early.readableBytes)
        return early
    }

    // MARK: Deadlines

    /// - Parameter hasProgressed: the client has accepted bytes of the connection.
    func tick(now: NIODeadline, hasProgressed: Bool) {
        guard let stream, let link else { return }
        let waiting = stream.waitingBytes
        // A client that reads its other streams, and not this one.
        let hasProgressed = hasProgressed && !link.session.hasClosedWindow(of: stream)
        if waiting > 0 || lastWaiting > 0, hasProgressed || waiting < lastWaiting || lastWaiting == 0 {
            blockedSince = nil
            exchange.downstreamAccepted(now: now)
        }
        lastWaiting = waiting
        switch phase {
        case .exchange, .tunnel: exchange.tick(now: now)
        case .finishing:
            inputIsLate()
            // The response is complete, and the client accepts nothing of it, or sends a request without end.
            let since = blockedSince ?? now
            blockedSince = since
            if now - since >= worker.context.settings.timeouts.downstream {
                link.session.reset(stream, .cancel)
                link.flushSoon()
            }
        case .new, .free, .done: break
        }
    }

    // MARK: HTTP2OutputWaiter

    func outputLeft() -> Bool {
        guard let stream, let link else { return false }
        if phase == .finishing { return endEarly(stream, link) }
        guard phase == .exchange else { return false }
        guard stream.waitingBytes <= TransportSizes.lowWatermark else { return true }
        isBlocked = false
        exchange.downstreamBecameWritable()
        return false
    }

    private func inputIsLate() {
        guard !isInputLate, !isInputEnded else { return }
        isInputLate = true
        link?.flushSoon()
    }

    /// The response was sent before the request has ended: the client need not send the rest (RFC 9113 §8.1). One whose request ends
    /// at once, or breaks the rules, is not reset for that.
    ///
    /// - Returns: whether some of the response still has to leave.
    private func endEarly(_ stream: HTTP2Stream, _ link: HTTP2DownstreamConnection) -> Bool {
        guard stream.isOpen, !isInputEnded else { return false }
        guard stream.isOutputSent, isInputLate else { return true }
        link.session.reset(stream, .noError)
        link.flushSoon()
        return false
    }
}
