import HTTP1
import HTTP2
import NIOCore
import ProxyCore
import Transports

/// One stream of an HTTP/2 connection to an endpoint: it carries one exchange, and is then gone.
///
/// What Berth writes and reads as HTTP/1 goes through the session: the request's framing is taken off here, and the
/// response's body has none.
///
/// `@unchecked Sendable`: touched on its worker's loop alone.
final class HTTP2UpstreamStream: ExchangeUpstream, HTTP2StreamOwner, HTTP2OutputWaiter, @unchecked Sendable {
    private enum Phase {
        /// A place on the connection is kept for it.
        case reserved
        case head, body
        case closed
    }

    var idleSince: NIODeadline = .uptimeNanoseconds(0)

    private let connection: HTTP2UpstreamConnection
    private var phase = Phase.reserved
    /// Nil before the request is sent.
    private var stream: HTTP2Stream?
    /// The exchange that is carried; nil before and after.
    private var exchange: Exchange?

    /// Where the request's body ends.
    private var decoder = BodyDecoder(.none)
    /// Of its framing, what could not be read yet.
    private var inbound = ByteBuffer()
    private var trailers = ByteBuffer()
    private var hasEndedRequest = false
    private var progress = WriteProgress()
    private var isBlocked = false
    private var isWatched = false

    /// Of a request that changes to WebSocket.
    private var webSocketKey: [UInt8]?
    /// Of the response's body so far.
    private var bodyBytes: UInt64 = 0
    /// Of them, what has not been given back to the stream's window.
    private var unconsumed = 0
    /// Something of the response waits for `endRead`.
    private var hasPassed = false

    init(of connection: HTTP2UpstreamConnection) {
        self.connection = connection
    }

    // MARK: ExchangeUpstream

    var upstream: Upstream { connection.upstream }
    var handshakeBegan: NIODeadline? { connection.handshakeBegan }

    /// It is not taken back.
    var isUsable: Bool { false }
    var isReusable: Bool { false }
    var isMultiplexed: Bool { true }
    var hasNoPendingInput: Bool { true }

    var isWritable: Bool { !isBlocked && stream?.isOpen == true }

    var hasUnsentRequest: Bool { stream.map { $0.waitingBytes > 0 } ?? false }

    /// Nothing that is sent waits outside of the session for long: what has left it was allowed by the peer's window.
    func hasProgressed() -> Bool {
        guard let stream, isWatched else { return false }
        isWatched = stream.waitingBytes > 0
        return progress.advanced(waiting: stream.waitingBytes)
    }

    func peerResponds() -> Bool { connection.peerResponds() }

    func send(_ request: ByteBuffer, for exchange: Exchange) {
        guard case .reserved = phase else { return }
        connection.placeTaken()
        self.exchange = exchange
        phase = .head
        let changes = exchange.offersWebSocket
        if changes { webSocketKey = WebSocketAccept.key(in: request.readableBytesUInt8Span) }
        guard let opened = connection.session.open(request, upgrade: changes ? "websocket" : nil, owner: self)
        else {
            // Not within a call of the exchange's.
            return connection.loop.execute { [self] in fail(Failure(.goneAway)) }
        }
        stream = opened.stream
        decoder = BodyDecoder(changes ? .none : opened.framing, limits: connection.limits.forNextTier)
        hasEndedRequest = changes || decoder.isComplete
        progress.restart()
        guard request.readableBytes > opened.length else { return }
        var body = request
        body.moveReaderIndex(forwardBy: opened.length)
        sendBody(body)
    }

    func sendBody(_ bytes: ByteBuffer) {
        guard let stream, stream.isOpen, !hasEndedRequest else { return }
        var bytes = bytes
        inbound.appendRead(&bytes)
        let source = inbound
        var offset = 0
        do {
            pieces: while !decoder.isComplete {
                switch try decoder.next(source.readableBytesUInt8Span, offset: &offset) {
                case .data(let range): send(source, range, on: stream)
                case .trailer(let line):
                    trailers.writeBytes(source.readableBytesUInt8Span.extracting(line.indices).bytes)
                case .framing, .skipped: continue
                case .needMore, .end: break pieces
                }
            }
        } catch {
            // The downstream has checked it.
            return connection.loop.execute { [self] in fail(Failure(.internal, detail: error.token)) }
        }
        inbound.moveReaderIndex(forwardBy: offset)
        inbound.keep()
        if decoder.isComplete {
            hasEndedRequest = true
            connection.session.end(stream, trailers: trailers)
        }
        guard stream.waitingBytes > 0 else { return }
        isWatched = true
        if stream.waitingBytes > TransportSizes.highWatermark {
            isBlocked = true
            connection.wait(for: self)
        }
    }

    private func send(_ source: ByteBuffer, _ range: ByteRange, on stream: HTTP2Stream) {
        guard let slice = source.getSlice(at: source.readerIndex + range.lowerBound, length: range.count)
        else {
            return
        }
        progress.wrote(range.count)
        connection.session.send(body: slice, on: stream)
    }

    func outputLeft() -> Bool {
        guard isBlocked, let stream, stream.isOpen, let exchange else { return false }
        guard stream.waitingBytes <= TransportSizes.lowWatermark else { return true }
        isBlocked = false
        exchange.upstreamBecameWritable()
        return isBlocked
    }

    func flush() { connection.flushSoon() }

    func resumeReading() { consume() }

    func cancel() { close() }

    func close() {
        if case .closed = phase { return }
        if case .reserved = phase { connection.placeTaken() }
        leave()
        if let stream, stream.isOpen {
            stream.owner = nil
            connection.session.reset(stream, .cancel)
            connection.flushSoon()
        }
    }

    /// Nothing follows for the exchange.
    private func leave() {
        phase = .closed
        exchange = nil
        inbound = ByteBuffer()
        trailers = ByteBuffer()
        connection.left(self)
    }

    // MARK: The response

    func headArrived(_ text: ByteBuffer, _ range: ByteRange, isLast: Bool) {
        guard case .head = phase, let exchange,
            let slice = text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count)
        else { return }
        connection.begins(self)
        exchange.upstreamSent()
        let source = webSocketKey.map { WebSocketAccept.switching(slice, key: $0) } ?? slice
        var scanned = 0
        do {
            let isWhole = try connection.worker.responseHead.parse(
                source.readableBytesUInt8Span,
                scanned: &scanned,
                limits: connection.limits,
                requestMethod: exchange.method
            )
            guard isWhole else { return fail(Failure(.invalidResponse)) }
        } catch {
            return fail(Failure(error))
        }
        switch exchange.responseHead(connection.worker.responseHead, source) {
        case .interim, .over: break
        case .body:
            phase = .body
            hasPassed = true
        case .tunnel: handOver(to: exchange)
        }
    }

    /// The head was no message.
    func headFailed(_ error: HTTP2HeadError) {
        exchange?.upstreamSent()
        switch error {
        case .malformed: fail(Failure(.invalidResponse, detail: "http2_fields"))
        case .tooLarge: fail(Failure(.responseHeadTooLarge))
        }
    }

    private func handOver(to exchange: Exchange) {
        guard let stream else { return }
        leave()
        exchange.startTunnel(
            TunnelEnd(
                HTTP2StreamTransport(stream, of: connection),
                early: ByteBuffer(),
                inputEnded: false
            )
        )
    }

    func bodyArrived(_ bytes: ByteBuffer) {
        unconsumed += bytes.readableBytes
        guard case .body = phase, let exchange else { return consume() }
        connection.begins(self)
        exchange.upstreamSent()
        bodyBytes &+= UInt64(UInt(bitPattern: bytes.readableBytes))
        exchange.responseBody(bytes, ByteRange(0..<bytes.readableBytes))
        hasPassed = true
    }

    func trailersArrived(_ text: ByteBuffer, _ range: ByteRange) {
        guard case .body = phase, let exchange else { return }
        connection.begins(self)
        exchange.upstreamSent()
        let bytes = text.readableBytesUInt8Span
        var start = range.lowerBound
        for index in range.indices where bytes[index] == UInt8(ascii: "\n") {
            exchange.responseTrailer(text, ByteRange(start..<index + 1))
            start = index + 1
        }
        hasPassed = true
    }

    func inputEnded() {
        guard case .body = phase, let exchange else { return }
        connection.begins(self)
        passOn()
        self.exchange = nil
        // Closes this stream.
        exchange.responseEnded()
    }

    /// Passes on what this read has brought so far: another exchange uses the same buffers next.
    func passOn() {
        guard hasPassed, let exchange else { return }
        hasPassed = false
        exchange.responseBodyPassed(bodyBytes: bodyBytes)
        consume()
    }

    /// All of a read has been passed on.
    func readCompleted() {
        exchange?.flushResponse()
    }

    /// The peer may send as much again, unless the downstream is slow: this is the back-pressure.
    private func consume() {
        guard unconsumed > 0, exchange?.acceptsResponse ?? true else { return }
        if let stream { connection.session.consumed(unconsumed, of: stream) }
        unconsumed = 0
        if connection.session.wantsWrite { connection.flushSoon() }
    }

    // MARK: The end

    func streamClosed(_ code: HTTP2Code) {
        guard exchange != nil else {
            if case .closed = phase { return }
            return leave()
        }
        fail(failure(code))
    }

    private func failure(_ code: HTTP2Code) -> Failure {
        let token = code.token
        // What never left this side has not been processed either.
        if code == .refusedStream || stream?.hasSentHead == false {
            return Failure(
                stream.map(connection.hasGone(before:)) == true ? .goneAway : .streamRefused,
                detail: token
            )
        }
        if code == .http11Required, connection.requireHTTP1() {
            return Failure(.streamRefused, detail: token)
        }
        return Failure(.streamReset, detail: token)
    }

    /// The exchange cannot go on with this stream.
    func fail(_ failure: Failure) {
        guard let exchange else { return }
        connection.begins(self)
        passOn()
        if failure.reason == .streamRefused { connection.streamRefused() }
        leave()
        if let stream, stream.isOpen {
            stream.owner = nil
            connection.session.reset(stream, .cancel)
            connection.flushSoon()
        }
        exchange.upstreamLost(failure)
    }
}
