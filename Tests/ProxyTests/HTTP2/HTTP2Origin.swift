import HTTP1
import HTTP2
import NIOCore

/// An origin of an `EmbeddedTier` that speaks HTTP/2 without TLS, on each connection that is made to it.
final class HTTP2Origin {
    /// A request as it has arrived.
    struct Request {
        let connection: Connection
        let stream: HTTP2Stream
        /// As HTTP/1 has it.
        let head: String
        var body: [UInt8] = []
        var trailers = ""
        var isComplete = false
        /// It was reset, or has been responded to.
        var isClosed: HTTP2Code?

        /// `GET /path`
        var line: Substring { head.prefix { $0 != "\r\n" }.dropLast(" HTTP/1.1".count) }
    }

    /// One connection, over the bytes that pass in memory.
    final class Connection: HTTP2StreamOwner {
        let session: HTTP2Session
        fileprivate(set) var peer: EmbeddedPeer
        /// What the peer has said in its GOAWAY.
        fileprivate(set) var goAways: [Int32] = []

        init(_ peer: EmbeddedPeer, _ memory: HTTP2Memory, _ settings: HTTP2Settings, now: NIODeadline) throws
        {
            self.peer = peer
            session = try HTTP2Session(.server, settings, memory, now: now)
        }

        func flush() {
            var out = ByteBuffer()
            try? session.takeOutput(limit: 1 << 20) { out.writeImmutableBuffer($0) }
            if out.readableBytes > 0 { peer.send(Array(out.readableBytesView)) }
        }

        /// A frame as it is on the wire.
        func send(frame type: UInt8, flags: UInt8 = 0, stream: Int32, _ words: [UInt32]) {
            flush()
            var out = ByteBuffer()
            out.writeBytes([0, 0, UInt8(words.count * 4), type, flags])
            out.writeInteger(stream)
            for word in words { out.writeInteger(word) }
            peer.send(Array(out.readableBytesView))
        }

        func goAway(last: Int32, _ code: HTTP2Code = .noError) {
            send(frame: 7, stream: 0, [UInt32(last), code.rawValue])
        }

        func headArrived(_ text: ByteBuffer, _ range: ByteRange, isLast: Bool) {}
        func bodyArrived(_ bytes: ByteBuffer) {}
        func trailersArrived(_ text: ByteBuffer, _ range: ByteRange) {}
        func inputEnded() {}
        func streamClosed(_ code: HTTP2Code) {}
    }

    private(set) var connections: [Connection] = []
    private(set) var requests: [Request] = []
    /// Responds to a request that is complete, or does not.
    var respond: ((Request) -> Void)?
    /// The origin reads nothing, and sends nothing.
    var isDead = false
    private let memory = HTTP2Memory()
    private let settings: HTTP2Settings

    init(streams: Int = 100) {
        settings = HTTP2Settings(streams: streams, headBytes: 64 << 10, fields: 100, metersAbuse: false)
    }

    /// To be given to the tier.
    func play(_ peer: EmbeddedPeer) {
        guard !isDead else { return }
        let connection: Connection
        if let known = connections.first(where: { $0.peer.id == peer.id }) {
            connection = known
        } else if let new = try? Connection(peer, memory, settings, now: peer.tier.loop.now) {
            connections.append(new)
            connection = new
        } else {
            return
        }
        let bytes = peer.takeBytes()
        if !bytes.isEmpty {
            try? connection.session.receive(ByteBuffer(bytes: bytes), now: peer.tier.loop.now)
        }
        take(connection)
        connection.flush()
        take(connection)
    }

    private func take(_ connection: Connection) {
        let events = connection.session.takeEvents()
        let text = memory.text
        var complete: [Int] = []
        for event in events {
            switch event {
            case .head(let stream, let range, _):
                let head = text.getString(at: text.readerIndex + range.lowerBound, length: range.count) ?? ""
                requests.append(Request(connection: connection, stream: stream, head: head))
            case .malformedHead(let stream, _): connection.session.reset(stream, .protocolError)
            case .body(let stream, let bytes):
                if let index = index(stream) { requests[index].body += Array(bytes.readableBytesView) }
                connection.session.consumed(bytes.readableBytes, of: stream)
            case .trailers(let stream, let range):
                let lines = text.getString(at: text.readerIndex + range.lowerBound, length: range.count) ?? ""
                if let index = index(stream) { requests[index].trailers = lines }
            case .end(let stream):
                guard let index = index(stream) else { continue }
                requests[index].isComplete = true
                complete.append(index)
            case .closed(let stream, let code):
                if let index = index(stream) { requests[index].isClosed = code }
            case .goAway(let last, _): connection.goAways.append(last)
            case .settings, .pong: break
            }
        }
        memory.recycle()
        for index in complete { respond?(requests[index]) }
    }

    private func index(_ stream: HTTP2Stream) -> Int? { requests.firstIndex { $0.stream === stream } }
}

extension HTTP2Origin.Request {
    /// Sends a response and what was queued before.
    func respond(
        _ status: Int = 200,
        _ fields: String = "",
        body: String? = "hello",
        trailers: String? = nil
    ) {
        begin(status, fields, isLast: body == nil)
        if let body { send(body) }
        if body != nil { end(trailers) }
    }

    func begin(_ status: Int = 200, _ fields: String = "", isInterim: Bool = false, isLast: Bool = false) {
        let text = ByteBuffer(string: "HTTP/1.1 \(status) \r\n\(fields)\r\n")
        connection.session.send(head: text, isInterim: isInterim, isLast: isLast, on: stream)
        connection.flush()
    }

    func send(_ body: String) {
        connection.session.send(body: ByteBuffer(string: body), on: stream)
        connection.flush()
    }

    func end(_ trailers: String? = nil) {
        connection.session.end(stream, trailers: trailers.map { ByteBuffer(string: $0) })
        connection.flush()
    }

    func reset(_ code: HTTP2Code) {
        connection.session.reset(stream, code)
        connection.flush()
    }
}
