import HTTP1
import HTTP2
import NIOCore
import Transports

/// A stream of an HTTP/2 connection as a byte stream: for WebSocket over extended CONNECT (RFC 8441).
///
/// Events reach the owner from the connection's events alone.
///
/// `@unchecked Sendable`: touched on its event loop alone.
final class HTTP2StreamTransport: Transport, HTTP2StreamOwner, HTTP2OutputWaiter,
    @unchecked Sendable
{
    var owner: (any TransportOwner)?

    private let link: any HTTP2Link
    private let stream: HTTP2Stream
    /// Arrived, and not accepted by the owner yet: at most the stream's window.
    private var inbound = ByteBuffer()
    private var hasInputEnded = false
    private var hasToldEnd = false
    private var isOutputEnded = false
    private var isClosed = false
    private var isBlocked = false
    private var isResuming = false
    private var whenAllSent: (() -> Void)?

    /// Takes the stream over from its owner.
    init(_ stream: HTTP2Stream, of link: any HTTP2Link) {
        self.stream = stream
        self.link = link
        stream.owner = self
    }

    // MARK: State

    var isActive: Bool { !isClosed && stream.isOpen }
    var isWritable: Bool { !isBlocked }
    var isReadingPaused: Bool { inbound.readableBytes > 0 }
    var waitingBytes: Int { stream.waitingBytes }
    var unacknowledgedBytes: Int { 0 }
    var hasPendingInput: Bool { inbound.readableBytes > 0 || hasInputEnded && !hasToldEnd }

    // MARK: Input

    func headArrived(_ text: ByteBuffer, _ range: ByteRange, isLast: Bool) {}

    func trailersArrived(_ text: ByteBuffer, _ range: ByteRange) {}

    func bodyArrived(_ bytes: ByteBuffer) {
        guard !isClosed else { return }
        inbound.writeImmutableBuffer(bytes)
        deliver()
    }

    func inputEnded() {
        hasInputEnded = true
        deliver()
    }

    private func deliver() {
        while let owner, owner.acceptsBytes, inbound.readableBytes > 0 {
            var bytes = inbound
            inbound = ByteBuffer()
            link.session.consumed(bytes.readableBytes, of: stream)
            owner.received(&bytes)
            self.owner?.readCompleted()
        }
        guard hasInputEnded, !hasToldEnd, inbound.readableBytes == 0, let owner else { return }
        hasToldEnd = true
        owner.inputEnded()
        endIfBothEnded()
        link.flushSoon()
    }

    func resumeReading() {
        guard hasPendingInput else { return }
        resumeLater()
    }

    func awaitInput() { resumeReading() }

    /// Not within a call of the owner's.
    private func resumeLater() {
        guard !isResuming else { return }
        isResuming = true
        link.loop.execute { [self] in
            isResuming = false
            if !isClosed { deliver() }
            link.flushSoon()
        }
    }

    // MARK: Output

    func write(_ bytes: ByteBuffer) {
        guard isActive, !isOutputEnded else { return }
        link.session.send(body: bytes, on: stream)
        if stream.waitingBytes > TransportSizes.highWatermark {
            isBlocked = true
            link.wait(for: self)
        }
    }

    func flush() { link.flushSoon() }

    func whenFlushed(_ done: @escaping () -> Void) {
        guard isActive, stream.waitingBytes > 0 else { return done() }
        let earlier = whenAllSent
        whenAllSent = {
            earlier?()
            done()
        }
        link.wait(for: self)
        link.flushSoon()
    }

    func outputLeft() -> Bool {
        guard isActive else {
            allSent()
            return false
        }
        if isBlocked, stream.waitingBytes <= TransportSizes.lowWatermark {
            isBlocked = false
            owner?.becameWritable()
        }
        if stream.waitingBytes == 0 { allSent() }
        return isActive && (isBlocked || whenAllSent != nil)
    }

    private func allSent() {
        let done = whenAllSent
        whenAllSent = nil
        done?()
    }

    // MARK: The end

    func closeOutput() {
        guard isActive, !isOutputEnded else { return }
        isOutputEnded = true
        link.session.end(stream)
        link.flushSoon()
        endIfBothEnded()
    }

    /// As a socket does: when both halves have ended the owner learns that the transport is gone.
    private func endIfBothEnded() {
        guard isOutputEnded, hasToldEnd, !isClosed else { return }
        link.loop.execute { [self] in end(failed: false) }
    }

    func streamClosed(_ code: HTTP2Code) {
        end(failed: !(hasInputEnded && isOutputEnded && code == .noError))
    }

    private func end(failed: Bool) {
        guard !isClosed else { return }
        isClosed = true
        let owner = self.owner
        self.owner = nil
        if stream.isOpen, stream.owner === self { stream.owner = nil }
        allSent()
        owner?.closed(failed: failed)
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        owner = nil
        inbound = ByteBuffer()
        if stream.owner === self { stream.owner = nil }
        if !(isOutputEnded && hasInputEnded) { link.session.reset(stream, .cancel) }
        link.flushSoon()
        allSent()
    }

    func resetOnClose() {}
}
