import HTTP1
import HTTP2
import NIOCore

/// Whatever frames a client sends: each head that comes of them is one request for HTTP/1, or none.
enum HTTP2Check {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    private static let limits = HeadLimits(headBytes: 4096, fields: 40, targetBytes: 1024)

    static func run(_ bytes: [UInt8]) throws(Contradiction) {
        let memory = HTTP2Memory()
        let settings = HTTP2Settings(streams: 8, headBytes: limits.headBytes, fields: limits.fields)
        let now = NIODeadline.uptimeNanoseconds(0)
        guard let session = try? HTTP2Session(.server, settings, memory, now: now) else { return }
        var reads = Reads(bytes)
        var rest = ByteBuffer(bytes: preface + bytes)
        for size in [preface.count] + reads.sizes(bytes.count) {
            guard let read = rest.readSlice(length: size) else { return }
            let isRunning = (try? session.receive(read, now: now)) != nil
            try judge(session, memory, bytes)
            guard isRunning, (try? session.takeOutput(limit: 1 << 16) { _ in }) != nil else { return }
            try judge(session, memory, bytes)
            if session.isOver { return }
        }
    }

    private static func judge(_ session: HTTP2Session, _ memory: HTTP2Memory, _ bytes: [UInt8])
        throws(Contradiction)
    {
        for event in session.takeEvents() {
            switch event {
            case .head(let stream, let range, let isLast):
                try judge(memory.text, range, isLast: isLast, bytes)
                respond(to: stream, in: session)
            case .malformedHead(let stream, _): session.reset(stream, .protocolError)
            case .trailers(_, let range): try judge(trailers: memory.text, range, bytes)
            case .body(let stream, let content): session.consumed(content.readableBytes, of: stream)
            case .end, .closed, .goAway, .settings, .pong: break
            }
        }
        memory.recycle()
        try claim(session.openStreams <= 9, "more streams than are allowed", bytes)
    }

    private static func respond(to stream: HTTP2Stream, in session: HTTP2Session) {
        let head = ByteBuffer(string: "HTTP/1.1 200 OK\r\nServer: berth\r\n\r\n")
        session.send(head: head, isInterim: false, isLast: false, on: stream)
        session.send(body: ByteBuffer(string: "body"), on: stream)
        session.end(stream, trailers: ByteBuffer(string: "grpc-status: 0\r\n"))
    }

    private static func judge(_ text: ByteBuffer, _ range: ByteRange, isLast: Bool, _ bytes: [UInt8])
        throws(Contradiction)
    {
        let line = text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
        // The line of the method, and those that say what follows.
        try claim(range.count <= 2 * limits.headBytes + 256, "a head is larger than the limit", bytes)
        var head = RequestHead()
        var scanned = 0
        var larger = limits
        larger.headBytes *= 3
        larger.fields += 4
        let isComplete: Bool
        do throws(RequestError) {
            isComplete = try head.parse(line.readableBytesUInt8Span, scanned: &scanned, limits: larger)
        } catch {
            return
        }
        try claim(isComplete && head.length == range.count, "the head is not one head", bytes)
        try claim(head.host.isEmpty == false, "a request without a host", bytes)
        switch head.framing {
        case .none: try claim(isLast || head.wantsUpgrade, "a body without a frame", bytes)
        case .length: break
        case .chunked: try claim(!isLast, "chunks that never come", bytes)
        case .untilClose: throw Contradiction("a request that ends by close", bytes)
        }
    }

    private static func judge(trailers text: ByteBuffer, _ range: ByteRange, _ bytes: [UInt8])
        throws(Contradiction)
    {
        var chunks = ByteBuffer(string: "0\r\n")
        if let lines = text.getSlice(at: text.readerIndex + range.lowerBound, length: range.count) {
            chunks.writeImmutableBuffer(lines)
        }
        chunks.writeString("\r\n")
        var decoder = BodyDecoder(.chunked, limits: HeadLimits(headBytes: 1 << 16, fields: 1000))
        var offset = 0
        while true {
            let piece: BodyPiece
            do throws(BodyError) {
                piece = try decoder.next(chunks.readableBytesUInt8Span, offset: &offset)
            } catch {
                throw Contradiction("trailers are malformed: \(error)", bytes)
            }
            switch piece {
            case .end: return try claim(offset == chunks.readableBytes, "trailers end too early", bytes)
            case .needMore: throw Contradiction("trailers do not end", bytes)
            case .skipped: throw Contradiction("a trailer that must not pass", bytes)
            case .data, .framing, .trailer: break
            }
        }
    }
}
