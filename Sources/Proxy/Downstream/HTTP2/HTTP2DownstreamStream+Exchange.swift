import Bytes
import HTTP1
import HTTP2
import NIOCore
import ProxyCore
import Routing
import Transports

/// What the stream does for its exchange. Heads are written by HTTP/1's writers: the session reads the fields out of them.
extension HTTP2DownstreamStream: ExchangeDownstream {
    /// Of no client once the stream has lost its connection.
    var connection: ConnectionInfo { link?.connection ?? Self.nowhere }

    private static let nowhere = ConnectionInfo(peer: IPAddress(v4: 0), localPort: 0, trustedProxies: [])

    var protocolName: StaticString { "HTTP/2.0" }

    var requestBodyBytes: UInt64 { bodyBytes }

    var acceptsResponse: Bool { !isBlocked }

    var isHalfClosed: Bool { false }

    var isRequestPaused: Bool { isBodyPaused }

    func takeSmallBody(into out: inout ByteBuffer) throws(Failure) -> Bool {
        if let limit = exchange.bodyLimit, bodyBytes > limit { throw Failure(.bodyTooLarge) }
        return takeWholeBody(into: &out)
    }

    func resumeRequest() { passBody() }

    // MARK: The response

    func sendInterim(_ head: borrowing ResponseHead, _ source: ByteBuffer) {
        guard let stream, let link else { return }
        write(head, source, changes: nil, isInterim: true)
        link.session.send(head: headText, isInterim: true, isLast: false, on: stream)
        headText.clear()
        link.flushSoon()
    }

    func sendHead(
        _ head: borrowing ResponseHead,
        _ source: ByteBuffer,
        changes: ResponseChanges?
    ) -> BodyForm {
        write(head, source, changes: changes, isInterim: false)
        if head.isUpgrade {
            // What 101 means in HTTP/1 (RFC 8441 §5).
            headText.setString("200", at: headText.readerIndex + 9)
        }
        isHeadHeld = true
        hasEmptyResponse = head.framing.isEmpty && !head.isUpgrade
        return .content
    }

    private func write(
        _ head: borrowing ResponseHead,
        _ source: ByteBuffer,
        changes: ResponseChanges?,
        isInterim: Bool
    ) {
        let context = worker.context
        headText.clear()
        HTTP1ResponseHeadWriter(
            coding: .passthrough,
            framing: .none,
            keepAlive: true,
            downstream: .http2,
            date: isInterim ? [] : context.clock.dateLine,
            kept: context.settings.keptFields,
            listener: isInterim ? nil : connection.listener
        ).write(head, from: source, changes: changes, into: &context.headText)
        context.headText.move(to: &headText)
    }

    func rollBackHead() -> Bool {
        guard phase == .exchange, isHeadHeld else { return false }
        headText.clear()
        isHeadHeld = false
        stream.map { link?.session.discardBody(of: $0) }
        return true
    }

    func sendBody(_ source: ByteBuffer, _ range: ByteRange) {
        guard let stream, let link else { return }
        if range.count <= DataPathConstants.coalescedBytes {
            // The memory of the read is free again when the round ends. This one is, too, where the last piece has left.
            bodyText.clear(minimumCapacity: range.count)
            bodyText.writeBytes(source.readableBytesUInt8Span.extracting(range.indices).bytes)
            link.session.send(body: bodyText, on: stream)
        } else if let slice = source.getSlice(at: source.readerIndex + range.lowerBound, length: range.count)
        {
            link.session.send(body: slice, on: stream)
        }
        let room = link.session.queuedBytes > Self.connectionBytes ? 0 : TransportSizes.highWatermark
        if stream.waitingBytes > room, !isBlocked {
            isBlocked = true
            link.wait(for: self)
        }
    }

    /// Bytes of all streams of a connection that may wait for its client. From there on each stream has one read at most.
    private static let connectionBytes = 256 << 10

    func sendTrailer(_ source: ByteBuffer, _ line: ByteRange) {
        let range = source.readableBytesUInt8Span.extracting(line.indices)
        responseTrailers.writeBytes(range.bytes)
    }

    func sendCollected() {
        if isHeadHeld, !hasEmptyResponse { submitHead(isLast: false) }
    }

    private func submitHead(isLast: Bool) {
        guard let stream, let link else { return }
        isHeadHeld = false
        hasSentHead = true
        link.session.send(head: headText, isInterim: false, isLast: isLast, on: stream)
        headText.clear()
    }

    func sendEnd() {
        guard let stream, let link else { return }
        if isHeadHeld { submitHead(isLast: stream.waitingBytes == 0 && responseTrailers.readableBytes == 0) }
        link.session.end(stream, trailers: responseTrailers)
        responseTrailers = ByteBuffer()
    }

    func sendLocal(_ response: LocalResponse, closes: Bool) -> Int {
        guard let stream, let link else { return 0 }
        if malformed {
            link.session.reset(stream, .protocolError)
            return 0
        }
        var response = response
        if requiresUpgrade, response.status < 300 {
            response = .respond(status: 501, contentType: nil, body: [])
        }
        if let listener = connection.listener { response.add(listener) }
        headText.clear()
        if isGRPC, let status = GRPCStatus(httpStatus: response.status) {
            status.write(response, date: worker.context.clock.dateLine, into: &headText)
            submitHead(isLast: true)
            return 0
        }
        let withBody = method != .head && !response.body.isEmpty
        response.write(
            keepAlive: true,
            http10: false,
            withBody: false,
            date: worker.context.clock.dateLine,
            into: &headText
        )
        let hasBody = withBody && response.status != 204 && response.status != 304
        submitHead(isLast: !hasBody)
        guard hasBody else { return 0 }
        link.session.send(body: ByteBuffer(bytes: response.body), on: stream)
        link.session.end(stream)
        return response.body.count
    }

    func flushResponse() {
        if isHeadHeld { submitHead(isLast: false) }
        link?.flushSoon()
    }

    // MARK: After an extended CONNECT

    func releaseTransport() -> TunnelEnd? {
        sendCollected()
        guard let stream, let link else { return nil }
        phase = .tunnel
        let early = takeEarly()
        link.flushSoon()
        return TunnelEnd(
            HTTP2StreamTransport(stream, of: link),
            early: early,
            inputEnded: isRequestComplete
        )
    }

    func tunnelEnded(inputEnded: Bool) {
        guard let stream, let link, phase == .tunnel else { return }
        phase = .finishing
        takeBack(stream)
        link.session.end(stream)
        link.wait(for: self)
        link.flushSoon()
    }

    /// A tunnel has had the stream. If it was told of the stream's end, this request is not.
    private func takeBack(_ stream: HTTP2Stream) {
        if stream.isOpen { stream.owner = self } else { end() }
    }

    // MARK: The end

    func exchangeEnded(requestComplete: Bool) {
        guard phase == .exchange, let link else { return }
        phase = .finishing
        if !isRequestComplete { link.wait(for: self) }
        link.flushSoon()
    }

    func abort(resets: Bool) {
        guard let stream, let link, phase == .exchange || phase == .tunnel else { return }
        phase = .finishing
        exchange.detach()
        takeBack(stream)
        if isGRPC, hasSentHead, stream.isOpen {
            // The call ends with a status, not with a stream that breaks off.
            link.session.end(stream, trailers: GRPCStatus.unavailable.trailers)
            if !isRequestComplete { link.wait(for: self) }
        } else {
            link.session.reset(stream, resets ? .internalError : .cancel)
        }
        link.flushSoon()
    }
}
