import HTTP1
import HTTP2
import NIOCore
import ProxyCore
import Transports

/// A check of an endpoint that speaks HTTP/2: the one request and its response as HTTP/1 has them, over a stream.
///
/// Used on its event loop alone.
final class HTTP2CheckTransport: Transport, TransportOwner, HTTP2StreamOwner {
    var owner: (any TransportOwner)?

    private let socket: any Transport
    private let memory: HTTP2Memory
    private let session: HTTP2Session
    private let clock: () -> NIODeadline
    private var hasEnded = false

    /// - Parameters:
    ///   - socket: one that is connected, and has no owner.
    ///   - memory: of the loop.
    ///   - clock: the loop's time.
    /// - Throws: where memory is short.
    init(
        over socket: any Transport,
        isSecure: Bool,
        _ memory: HTTP2Memory,
        clock: @escaping () -> NIODeadline
    ) throws(HTTP2Failure) {
        let limits = HeadLimits.default
        self.socket = socket
        self.memory = memory
        self.clock = clock
        session = try HTTP2Session(
            .client(isSecure: isSecure),
            HTTP2Settings(streams: 0, headBytes: limits.headBytes, fields: limits.fields),
            memory,
            now: clock()
        )
        socket.owner = self
    }

    // MARK: Transport

    var isActive: Bool { socket.isActive }
    var isWritable: Bool { socket.isWritable }
    var isReadingPaused: Bool { socket.isReadingPaused }
    var waitingBytes: Int { socket.waitingBytes }
    var unacknowledgedBytes: Int { socket.unacknowledgedBytes }
    var hasPendingInput: Bool { socket.hasPendingInput }

    /// The whole request.
    func write(_ bytes: ByteBuffer) {
        _ = session.open(bytes, owner: self)
    }

    func flush() {
        // It is small, and the transport new.
        try? session.takeOutput(limit: .max) { [socket] in socket.write($0) }
        socket.flush()
        handleEvents()
    }

    func resumeReading() { socket.resumeReading() }

    func awaitInput() { socket.awaitInput() }

    func closeOutput() { socket.closeOutput() }

    func whenFlushed(_ done: @escaping () -> Void) { socket.whenFlushed(done) }

    func close() {
        owner = nil
        socket.close()
    }

    func resetOnClose() { socket.resetOnClose() }

    // MARK: TransportOwner

    var acceptsBytes: Bool { true }

    func received(_ bytes: inout ByteBuffer) {
        let isHTTP1 = bytes.readableBytesView.starts(with: "HTTP/".utf8)
        let isValid = !isHTTP1 && (try? session.receive(bytes, now: clock())) != nil && !session.isAbused
        bytes = ByteBuffer()
        handleEvents()
        guard isValid else { return end() }
        flush()
    }

    private func handleEvents() {
        let text = memory.text
        for event in session.takeEvents() {
            switch event {
            case .head(let stream, let range, let isLast):
                stream.owner?.headArrived(text, range, isLast: isLast)
            case .body(let stream, let bytes):
                stream.owner?.bodyArrived(bytes)
                session.consumed(bytes.readableBytes, of: stream)
            case .end(let stream): stream.owner?.inputEnded()
            case .closed(let stream, let code):
                stream.owner = nil
                streamClosed(code)
            case .malformedHead: end()
            case .trailers, .goAway, .settings, .pong: break
            }
        }
        memory.recycle()
    }

    func readCompleted() {}

    func becameWritable() {}

    func inputEnded() { end() }

    func closed(failed: Bool) { end() }

    // MARK: HTTP2StreamOwner

    func headArrived(_ text: ByteBuffer, _ range: ByteRange, isLast: Bool) {
        if let head = text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count) {
            pass(head)
        }
    }

    func bodyArrived(_ bytes: ByteBuffer) { pass(bytes) }

    func trailersArrived(_ text: ByteBuffer, _ range: ByteRange) {}

    func streamClosed(_ code: HTTP2Code) { end() }

    private func pass(_ bytes: ByteBuffer) {
        guard !hasEnded else { return }
        var bytes = bytes
        owner?.received(&bytes)
    }

    private func end() {
        guard !hasEnded else { return }
        hasEnded = true
        owner?.inputEnded()
    }
}
