import HTTP1
import NIOCore
import Testing

@testable import HTTP2

/// Two sessions whose bytes pass in memory, and what each has received.
final class SessionPair {
    /// One side: its session, with all that has happened on it.
    final class Side: HTTP2StreamOwner {
        let session: HTTP2Session
        let memory: HTTP2Memory
        /// Heads and trailers as HTTP/1 has them.
        var heads: [String] = []
        var streams: [HTTP2Stream] = []
        var body: [UInt8] = []
        var ended = 0
        var closed: [HTTP2Code] = []
        var malformed: [HTTP2HeadError] = []
        var goAways: [HTTP2Code] = []
        /// It gives back what it has received.
        var consumes = true

        init(_ role: HTTP2Role, _ settings: HTTP2Settings) throws {
            memory = HTTP2Memory()
            session = try HTTP2Session(role, settings, memory, now: .uptimeNanoseconds(0))
        }

        /// Takes bytes as they are on the wire.
        func receive(_ bytes: [UInt8]) throws {
            try session.receive(ByteBuffer(bytes: bytes), now: .uptimeNanoseconds(0))
            takeEvents()
        }

        func takeOutput(limit: Int = 1 << 20) throws -> [UInt8] {
            var out = ByteBuffer()
            try session.takeOutput(limit: limit) { out.writeImmutableBuffer($0) }
            takeEvents()
            return Array(out.readableBytesView)
        }

        private func takeEvents() {
            let events = session.takeEvents()
            let text = memory.text
            func string(_ range: ByteRange) -> String {
                text.getString(at: text.readerIndex + range.lowerBound, length: range.count) ?? ""
            }
            for event in events {
                switch event {
                case .head(let stream, let range, _):
                    heads.append(string(range))
                    streams.append(stream)
                case .malformedHead(let stream, let error):
                    malformed.append(error)
                    streams.append(stream)
                case .trailers(_, let range): heads.append(string(range))
                case .body(let stream, let bytes):
                    body += Array(bytes.readableBytesView)
                    if consumes { session.consumed(bytes.readableBytes, of: stream) }
                case .end: ended += 1
                case .closed(let stream, let code):
                    stream.owner = nil
                    closed.append(code)
                case .goAway(_, let code): goAways.append(code)
                case .settings, .pong: break
                }
            }
            memory.recycle()
        }

        func headArrived(_ text: ByteBuffer, _ range: ByteRange, isLast: Bool) {}
        func bodyArrived(_ bytes: ByteBuffer) {}
        func trailersArrived(_ text: ByteBuffer, _ range: ByteRange) {}
        func inputEnded() {}
        func streamClosed(_ code: HTTP2Code) {}
    }

    let client: Side
    let server: Side

    /// - Parameter settings: of both sides.
    init(
        _ settings: HTTP2Settings = HTTP2Settings(
            streams: 1000,
            streamWindow: 1 << 20,
            connectionWindow: 1 << 24,
            headBytes: 16 << 10,
            fields: 100
        )
    ) throws {
        client = try Side(.client(isSecure: false), settings)
        server = try Side(.server, settings)
        try pass()
    }

    /// Passes bytes until neither side has any.
    func pass() throws {
        while true {
            let up = try client.takeOutput()
            if !up.isEmpty { try server.receive(up) }
            let down = try server.takeOutput()
            if !down.isEmpty { try client.receive(down) }
            if up.isEmpty, down.isEmpty { return }
        }
    }

    /// Sends a request, of which more may follow.
    @discardableResult
    func request(_ text: String = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", upgrade: StaticString? = nil)
        throws
        -> HTTP2Stream
    {
        try #require(client.session.open(ByteBuffer(string: text), upgrade: upgrade, owner: client)).stream
    }

    /// Sends the head of a response.
    func respond(_ text: String, isLast: Bool = false, on stream: HTTP2Stream) {
        server.session.send(head: ByteBuffer(string: text), isInterim: false, isLast: isLast, on: stream)
    }
}

/// A frame as it is on the wire.
func frame(_ type: UInt8, flags: UInt8 = 0, stream: Int32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
    var out = ByteBuffer()
    out.writeBytes([UInt8(payload.count >> 16), UInt8(payload.count >> 8 & 255), UInt8(payload.count & 255)])
    out.writeBytes([type, flags])
    out.writeInteger(stream)
    out.writeBytes(payload)
    return Array(out.readableBytesView)
}

/// A field as a literal that no table keeps (RFC 7541 §6.2.2).
func literal(_ name: String, _ value: String) -> [UInt8] {
    [0, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
}
