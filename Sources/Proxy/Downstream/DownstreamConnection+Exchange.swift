import Transports
import HTTP1
import NIOCore
import ProxyCore

/// What the connection does for its exchange: the response in HTTP/1's form. Small parts of it are collected in the loop's
/// scratch buffer and written in one call; large ones pass as they are.
extension DownstreamConnection: ExchangeDownstream {
    var protocolName: StaticString { response.version == .http10 ? "HTTP/1.0" : "HTTP/1.1" }

    var requestBodyBytes: UInt64 { body.bytes }

    var acceptsResponse: Bool { transport?.isWritable ?? true }

    var isHalfClosed: Bool { inputClosed && waitingBytes == 0 }

    var isRequestPaused: Bool { transport?.isReadingPaused ?? false }

    func takeSmallBody(into out: inout ByteBuffer) throws(Failure) -> Bool {
        try body.readSmall(&inbound, into: &out, runs: &worker.scratch.runs, limit: exchange.bodyLimit)
    }

    func resumeRequest() {
        advance()
    }

    func sendInterim(_ head: borrowing ResponseHead, _ source: ByteBuffer) {
        let isWritten = response.writeInterim(head, source, with: worker.context, into: &worker.scratch.out)
        if isWritten { sendCollected() }
    }

    /// No further request can follow: there is none, the tier shuts down, or too much of this one may still come
    /// (RFC 9112 §9.6). What a client that waits for 100 does after another response is not known.
    private var isLastRequest: Bool {
        if hasNoMoreInput || worker.context.isDraining { return true }
        guard exchange.awaitsRequestBody else { return false }
        return response.expectsContinue || !body.endsWithin(DataPathConstants.discardBytes, after: inbound)
    }

    func sendHead(
        _ head: borrowing ResponseHead,
        _ source: ByteBuffer,
        changes: ResponseChanges?
    ) -> BodyForm {
        response.writeHead(
            head,
            source,
            changes: changes,
            last: isLastRequest,
            isEventStream: exchange.isEventStream,
            listener: connection.listener,
            with: worker.context,
            into: &worker.scratch.out
        )
    }

    func rollBackHead() -> Bool {
        guard phase == .exchange, response.isHeadBuffered else { return false }
        worker.scratch.out.clear()
        response.rollBack()
        return true
    }

    func sendBody(_ source: ByteBuffer, _ range: ByteRange) {
        response.writeChunkStart(range.count, into: &worker.scratch.out)
        if worker.scratch.out.readableBytes &+ range.count <= DataPathConstants.coalescedBytes {
            worker.scratch.out.writeBytes(source.readableBytesUInt8Span.extracting(range.indices).bytes)
        } else {
            sendCollected()
            if let slice = source.getSlice(at: source.readerIndex + range.lowerBound, length: range.count) {
                send(slice)
            }
        }
        response.writeChunkEnd(into: &worker.scratch.out)
    }

    /// Sends a copy of its size: the loop's buffer keeps its space, and what waits for a slow reader holds no more
    /// than its bytes.
    func sendCollected() {
        guard worker.scratch.out.readableBytes > 0 else { return }
        response.isHeadBuffered = false
        var bytes = ByteBuffer()
        bytes.reserveCapacity(worker.scratch.out.readableBytes)
        bytes.writeImmutableBuffer(worker.scratch.out)
        send(bytes)
        worker.scratch.out.clear()
    }

    private func send(_ bytes: ByteBuffer) {
        backlog.wrote(bytes.readableBytes)
        transport?.write(bytes)
    }

    func sendTrailer(_ source: ByteBuffer, _ line: ByteRange) {
        response.keepTrailer(source.readableBytesUInt8Span.extracting(line.indices))
    }

    func sendEnd() {
        response.writeEnd(into: &worker.scratch.out)
        sendCollected()
    }

    func sendLocal(_ local: LocalResponse, closes: Bool) -> Int {
        var local = local
        if let listener = connection.listener { local.add(listener) }
        let count = response.writeLocal(
            local,
            last: closes || isLastRequest,
            date: worker.context.clock.dateLine,
            into: &worker.scratch.out
        )
        sendCollected()
        return count
    }

    func flushResponse() {
        transport?.flush()
    }

    func releaseTransport() -> TunnelEnd? {
        // First of all: writing may find the client gone.
        phase = .tunnel
        let early = inbound
        inbound = ByteBuffer()
        sendCollected()
        flushResponse()
        guard let transport else { return nil }
        return TunnelEnd(transport, early: early, inputEnded: inputClosed)
    }

    func tunnelEnded(inputEnded: Bool) {
        transport?.owner = self
        inputClosed = inputEnded
        response = HTTP1Response()
        // The tunnel's bytes were not counted here: what waits of them is what the client still has to accept.
        backlog = ResponseBacklog()
        if let transport { backlog.wrote(transport.waitingBytes &+ transport.unacknowledgedBytes) }
        closeGently()
    }

    func exchangeEnded(requestComplete: Bool) {
        guard phase == .exchange else { return }
        if !requestComplete {
            // A response before the request's end (RFC 9112 §9.5): what still arrives is discarded, so that closing
            // does not destroy the response on its way.
            guard response.keepsAlive else { return closeGently() }
            phase = .discarding
            clock.restart(now: worker.now)
        } else if response.keepsAlive, !hasNoMoreInput, !worker.context.endsIdle {
            becomeIdle()
        } else if response.clientCloses, inbound.readableBytes == 0, waitingBytes == 0,
            transport?.hasPendingInput != true
        {
            // The client itself closes, and nothing waits that a close could make a reset of.
            abort()
        } else {
            closeGently()
        }
        advance()
    }
}
