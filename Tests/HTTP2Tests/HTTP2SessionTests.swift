import HTTP1
import NIOCore
import Testing

@testable import HTTP2

/// Both sides of a connection, against each other.
@Suite struct HTTP2SessionTests {
    private let pair: SessionPair

    init() throws { pair = try SessionPair() }

    private static let pseudo =
        literal(":method", "GET") + literal(":scheme", "http") + literal(":authority", "a.test")

    @Test func `A stream that is closed for its client is closed for the server: another may follow at once`()
        throws
    {
        let pair = try SessionPair(HTTP2Settings(streams: 1, headBytes: 4096, fields: 20))
        for end in 0..<2 {
            try pair.request()
            try pair.server.receive(pair.client.takeOutput())
            let stream = try #require(pair.server.streams.last)
            if end == 0 {
                pair.server.session.reset(stream, .noError)
            } else {
                pair.respond("HTTP/1.1 204 No Content\r\n\r\n", isLast: true, on: stream)
            }
            // The room ends with the frame that closes the stream; the client learns of it before anything else happens.
            try pair.client.receive(pair.server.takeOutput(limit: 1))
        }
        try pair.request()
        try pair.server.receive(pair.client.takeOutput())
        #expect(pair.server.heads.count == 3 && !pair.server.session.isOver)
    }

    // MARK: Messages

    @Test func `A request and its response pass as HTTP 1 has them`() throws {
        let stream = try pair.request(
            "POST /p?q HTTP/1.1\r\nHost: A.test\r\nX-One: 1\r\nContent-Length: 4\r\n\r\n"
        )
        pair.client.session.send(body: ByteBuffer(string: "body"), on: stream)
        pair.client.session.end(stream)
        try pair.pass()
        #expect(
            pair.server.heads == [
                "POST /p?q HTTP/1.1\r\nhost: A.test\r\nte: trailers\r\nx-one: 1\r\ncontent-length: 4\r\n\r\n"
            ]
        )
        #expect(pair.server.body == Array("body".utf8) && pair.server.ended == 1)
        let other = try #require(pair.server.streams.first)
        pair.respond("HTTP/1.1 200 OK\r\nX-Two: 2\r\n\r\n", on: other)
        pair.server.session.send(body: ByteBuffer(string: "hello"), on: other)
        pair.server.session.end(other, trailers: ByteBuffer(string: "X-Sum: 7\r\n"))
        try pair.pass()
        #expect(pair.client.heads == ["HTTP/1.1 200 \r\nx-two: 2\r\n\r\n", "x-sum: 7\r\n"])
        #expect(pair.client.body == Array("hello".utf8) && pair.client.ended == 1)
        #expect(pair.client.closed == [.noError] && pair.server.closed == [.noError])
        #expect(pair.client.session.openStreams == 0 && pair.server.session.openStreams == 0)
    }

    @Test func `Whether there may be more output is known without another attempt`() throws {
        try pair.request()
        try pair.pass()
        let session = pair.server.session
        let stream = try #require(pair.server.streams.first)
        pair.respond("HTTP/1.1 200 OK\r\n\r\n", on: stream)
        session.send(body: ByteBuffer(repeating: 1, count: 100_000), on: stream)
        session.end(stream)
        #expect(try pair.server.takeOutput(limit: 1000).count > 1000 && session.isOutputCut)
        #expect(try pair.server.takeOutput().count > 80_000 && !session.isOutputCut)
        #expect(try pair.server.takeOutput().isEmpty)
    }

    @Test func `What was taken stays as it is while more is taken`() throws {
        let session = pair.server.session
        var pieces: [ByteBuffer] = []
        for _ in 0..<2 {
            try pair.request()
            try pair.server.receive(pair.client.takeOutput())
            let stream = try #require(pair.server.streams.last)
            pair.respond("HTTP/1.1 204 No Content\r\n\r\n", isLast: true, on: stream)
            try session.takeOutput(limit: 1000) { pieces.append($0) }
        }
        for piece in pieces { try pair.client.receive(Array(piece.readableBytesView)) }
        #expect(pair.client.heads.count == 2)
    }

    @Test func `What waits is counted, and what is lost is not`() throws {
        let session = pair.server.session
        try pair.request()
        try pair.request()
        try pair.pass()
        for stream in pair.server.streams {
            pair.respond("HTTP/1.1 200 OK\r\n\r\n", on: stream)
            session.send(body: ByteBuffer(repeating: 1, count: 3 << 20), on: stream)
        }
        #expect(session.queuedBytes == 6 << 20)
        try pair.pass()
        session.reset(pair.server.streams[0], .cancel)
        #expect(session.queuedBytes == pair.server.streams[1].waitingBytes)
        pair.client.session.reset(try #require(pair.client.streams.last), .cancel)
        try pair.pass()
        #expect(session.queuedBytes == 0)
    }

    @Test func `A window that nobody gives back stays closed, and no other does`() throws {
        pair.client.consumes = false
        try pair.request()
        try pair.pass()
        let first = try #require(pair.server.streams.first)
        pair.respond("HTTP/1.1 200 OK\r\n\r\n", on: first)
        pair.server.session.send(body: ByteBuffer(repeating: 1, count: 2 << 20), on: first)
        try pair.pass()
        #expect(pair.client.body.count == 1 << 20)
        #expect(pair.server.session.hasClosedWindow(of: first))
        try pair.request()
        try pair.pass()
        let second = try #require(pair.server.streams.last)
        #expect(!pair.server.session.hasClosedWindow(of: second))
        pair.respond("HTTP/1.1 200 OK\r\n\r\n", on: second)
        pair.server.session.send(body: ByteBuffer(repeating: 1, count: 1 << 20), on: second)
        pair.server.session.end(second)
        try pair.pass()
        #expect(pair.client.body.count == 2 << 20 && pair.client.ended == 1)
    }

    /// What it announces is never sent: whatever came next would be taken for it.
    @Test(arguments: 1...40)
    func `A frame that waits for room is not begun when its stream was reset meanwhile`(limit: Int) throws {
        for _ in 0..<3 { try pair.request() }
        try pair.pass()
        for stream in pair.server.streams {
            pair.respond("HTTP/1.1 200 OK\r\n\r\n", on: stream)
            pair.server.session.send(body: ByteBuffer(repeating: 1, count: 100_000), on: stream)
            pair.server.session.end(stream)
        }
        try pair.client.receive(pair.server.takeOutput(limit: limit * 5000))
        pair.server.session.reset(pair.server.streams[0], .cancel)
        pair.server.session.reset(pair.server.streams[1], .cancel)
        try pair.pass()
        #expect(pair.client.goAways.isEmpty && pair.server.goAways.isEmpty)
        let lengths = pair.client.body.count
        #expect(pair.client.ended >= 1 && lengths >= 100_000)
        try pair.request()
        try pair.pass()
        #expect(pair.server.heads.count == 4)
        #expect(pair.server.session.queuedBytes == 0)
    }

    // MARK: Heads that are none

    @Test func `A head that the library refuses is not under way any longer`() throws {
        // Without a path; with a field of a connection; in upper case.
        let heads = [
            Self.pseudo,
            Self.pseudo + literal(":path", "/") + literal("connection", "close"),
            Self.pseudo + literal(":path", "/") + literal(":path", "/"),
            Self.pseudo + literal(":path", "/") + literal("content-length", "7"),
        ]
        for (index, head) in heads.enumerated() {
            let id = Int32(2 * index + 1)
            let before = pair.server.closed.count
            try pair.server.receive(frame(1, flags: 5, stream: id, head))
            for stream in pair.server.streams where stream.isOpen {
                pair.server.session.reset(stream, .protocolError)
            }
            _ = try pair.server.takeOutput()
            #expect(pair.server.session.arrivingHead == nil)
            #expect(pair.server.session.openStreams == 0 && pair.server.closed.count == before + 1)
        }
    }

    @Test func `A stream that the library will reset is known before the reset is sent`() throws {
        let head = Self.pseudo + literal(":path", "/")
        let window = frame(8, stream: 1, [0x7F, 0xFF, 0xFF, 0xFF])
        try pair.server.receive(frame(1, flags: 5, stream: 1, head) + window + window)
        let stream = try #require(pair.server.streams.last)
        #expect(stream.isOpen && stream.isReset)
        _ = try pair.server.takeOutput()
        #expect(!stream.isOpen && pair.server.closed == [HTTP2Code(rawValue: 3)])
    }

    // MARK: Frames on streams that are gone

    /// The codes of the GOAWAY frames among what the server sends.
    private func goAways() throws -> [UInt8] {
        var rest = try pair.server.takeOutput()[...]
        var codes: [UInt8] = []
        while rest.count >= 9 {
            let start = rest.startIndex
            let length = Int(rest[start]) << 16 | Int(rest[start + 1]) << 8 | Int(rest[start + 2])
            if rest[start + 3] == 7 { codes.append(rest[start + 16]) }
            rest = rest.dropFirst(9 + length)
        }
        return codes
    }

    /// A stream that both sides have ended, or that the client has reset.
    private func closeStream(byReset: Bool) throws {
        let head = Self.pseudo + literal(":path", "/")
        try pair.server.receive(frame(1, flags: byReset ? 4 : 5, stream: 1, head))
        let stream = try #require(pair.server.streams.last)
        if byReset {
            try pair.server.receive(frame(3, stream: 1, [0, 0, 0, 8]))
        } else {
            pair.respond("HTTP/1.1 204 \r\n\r\n", isLast: true, on: stream)
        }
        _ = try pair.server.takeOutput()
        #expect(!stream.isOpen)
    }

    @Test(arguments: [true, false], [1, 5, 9, 10, 14])
    func `DATA on a stream that the client has ended is an error`(byReset: Bool, cut: Int) throws {
        try closeStream(byReset: byReset)
        let data = frame(0, stream: 1, [1, 2, 3, 4, 5])
        // Also where the header arrives in parts.
        try pair.server.receive(Array(data[..<cut]))
        try pair.server.receive(Array(data[cut...]))
        #expect(try goAways() == [5])
    }

    @Test func `DATA on a stream that this side has reset was under way`() throws {
        let head = Self.pseudo + literal(":path", "/")
        try pair.server.receive(frame(1, flags: 4, stream: 1, head))
        pair.server.session.reset(try #require(pair.server.streams.last), .cancel)
        try pair.server.receive(frame(0, stream: 1, [1]))
        _ = try pair.server.takeOutput()
        // The next one is on another stream, and is what it seems.
        try pair.server.receive(
            frame(0, stream: 1, [1]) + frame(1, flags: 4, stream: 3, head)
                + frame(0, flags: 1, stream: 3, [7])
        )
        #expect(try goAways() == [] && pair.server.body == [7])
    }

    @Test(arguments: [0, 1] as [UInt8])
    func `After the client's reset nothing was under way`(type: UInt8) throws {
        let head = Self.pseudo + literal(":path", "/")
        try pair.server.receive(frame(1, flags: 4, stream: 1, head))
        pair.server.session.reset(try #require(pair.server.streams.last), .noError)
        _ = try pair.server.takeOutput()
        try pair.server.receive(frame(0, stream: 1, [1]) + frame(3, stream: 1, [0, 0, 0, 8]))
        #expect(try goAways() == [])
        try pair.server.receive(frame(type, flags: 5, stream: 1, type == 0 ? [1] : head))
        #expect(try goAways() == [5])
    }

    @Test func `DATA before the client's reset was under way where the library has reset the stream`() throws
    {
        let head = Self.pseudo + literal(":path", "/") + literal("content-length", "1")
        // More than the length: the library resets the stream when it next sends.
        try pair.server.receive(
            frame(1, flags: 4, stream: 1, head) + frame(0, stream: 1, [1, 2]) + frame(0, stream: 1, [3])
                + frame(3, stream: 1, [0, 0, 0, 8])
        )
        try pair.server.receive(frame(1, flags: 5, stream: 3, Self.pseudo + literal(":path", "/")))
        #expect(try goAways() == [] && pair.server.heads.count == 2)
    }

    @Test func `What comes on streams after the last one is ignored`() throws {
        let head = Self.pseudo + literal(":path", "/")
        try pair.server.receive(frame(1, flags: 5, stream: 1, head))
        let stream = try #require(pair.server.streams.last)
        pair.server.session.shutDown()
        // Not sent yet: it is accepted, and the last one.
        try pair.server.receive(frame(1, flags: 4, stream: 3, head))
        #expect(try goAways() == [0] && pair.server.heads.count == 2)
        // A whole request that the client has sent before it has learned of that.
        try pair.server.receive(
            frame(1, flags: 4, stream: 5, head) + frame(0, stream: 5, [1])
                + frame(1, flags: 5, stream: 5, literal("grpc-status", "0"))
                + frame(0, flags: 1, stream: 3, [7])
        )
        pair.respond("HTTP/1.1 204 \r\n\r\n", isLast: true, on: stream)
        #expect(try goAways() == [] && pair.server.heads.count == 2 && pair.server.body == [7])
    }

    @Test func `A head is under way until its last frame`() throws {
        let head = Self.pseudo + literal(":path", "/")
        try pair.server.receive(frame(1, flags: 1, stream: 1, Array(head.prefix(9))))
        #expect(pair.server.session.arrivingHead == 1 && pair.server.heads.isEmpty)
        try pair.server.receive(frame(9, flags: 4, stream: 1, Array(head.dropFirst(9))))
        #expect(pair.server.session.arrivingHead == nil && pair.server.heads.count == 1)
    }

    // MARK: Abuse

    private func resets(_ metersAbuse: Bool) throws -> SessionPair {
        let pair = try SessionPair(
            HTTP2Settings(streams: 100, headBytes: 16 << 10, fields: 100, metersAbuse: metersAbuse)
        )
        for _ in 0..<3000 {
            let stream = try pair.request("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            try pair.pass()
            pair.client.session.reset(stream, .cancel)
            try pair.pass()
            guard pair.client.goAways.isEmpty else { break }
        }
        return pair
    }

    @Test func `A tier before this one may reset the streams of its clients`() throws {
        let pair = try resets(false)
        #expect(pair.client.goAways.isEmpty && pair.server.heads.count == 3000)
    }

    @Test func `A client may not`() throws {
        #expect(try resets(true).client.goAways == [.enhanceYourCalm])
    }

    @Test func `What a server sends on streams that are gone counts, beyond what may be under way`() throws {
        let stream = try pair.request()
        try pair.pass()
        pair.client.session.reset(stream, .cancel)
        _ = try pair.client.takeOutput()
        let part = frame(0, stream: stream.id, Array(repeating: 0, count: 16_000))
        // A window of 1 MiB.
        for _ in 0..<64 { try pair.client.receive(part) }
        #expect(pair.client.session.meter.controls < 10 && !pair.client.session.isAbused)
        for _ in 0..<100 { try pair.client.receive(part) }
        #expect(pair.client.session.isAbused)
    }

    @Test func `Frames of unknown types count for both sides`() throws {
        let part = frame(0xBE, stream: 0, Array(repeating: 0, count: 16_000))
        for side in [pair.client, pair.server] {
            for _ in 0..<40 { try side.receive(part) }
            #expect(side.session.isAbused)
        }
    }

    /// CVE-2019-9511.
    @Test(arguments: [(1, true), (1000, false)])
    func `A response in parts that its client's window cuts small is abuse`(window: Int, isAbuse: Bool) throws
    {
        let settings = HTTP2Settings(streams: 10, streamWindow: window, headBytes: 4096, fields: 20)
        let pair = try SessionPair(settings)
        try pair.request()
        try pair.pass()
        let stream = try #require(pair.server.streams.first)
        pair.respond("HTTP/1.1 200 OK\r\n\r\n", on: stream)
        pair.server.session.send(body: ByteBuffer(repeating: 0, count: 2000 * window), on: stream)
        try pair.pass()
        #expect(pair.server.session.isAbused == isAbuse)
        #expect((pair.server.session.meter.slivers > 400) == isAbuse)
    }

    @Test func `Heads and resets that a server sends on streams that are gone count`() throws {
        for part in [literal(":status", "200") + literal("x-large", String(repeating: "v", count: 100)), nil]
        {
            let pair = try SessionPair()
            let stream = try pair.request()
            try pair.pass()
            pair.client.session.reset(stream, .cancel)
            _ = try pair.client.takeOutput()
            let late =
                part.map { frame(1, flags: 4, stream: stream.id, $0) }
                ?? frame(3, stream: stream.id, [0, 0, 0, 8])
            let before = pair.client.session.meter.controls
            for _ in 0..<4 { try pair.client.receive(late) }
            #expect(pair.client.session.meter.controls == before)
            for _ in 0..<2100 { try pair.client.receive(late) }
            #expect(pair.client.session.isAbused)
        }
    }

    @Test func `Interim responses without end count`() throws {
        let stream = try pair.request()
        try pair.pass()
        let interim = frame(1, flags: 4, stream: stream.id, literal(":status", "103"))
        for _ in 0..<3 { try pair.client.receive(interim) }
        #expect(!pair.client.session.isAbused && pair.client.heads.count == 3)
        for _ in 0..<2100 { try pair.client.receive(interim) }
        #expect(pair.client.session.isAbused)
    }

    @Test func `Heads without bounds are charged to clients, and not to a server`() throws {
        let settings = HTTP2Settings(streams: 1000, streamWindow: 1 << 20, headBytes: 1024, fields: 20)
        let field = literal("x-large", String(repeating: "v", count: 100))
        let fields = Array(repeating: field, count: 40).flatMap(\.self)
        let pair = try SessionPair(settings)
        for _ in 0..<100 {
            let stream = try pair.request()
            try pair.pass()
            try pair.client.receive(frame(1, flags: 4, stream: stream.id, literal(":status", "200") + fields))
            _ = try pair.client.takeOutput()
            #expect(pair.client.closed.count == Int(stream.id + 1) / 2)
        }
        #expect(!pair.client.session.isAbused && pair.client.heads.isEmpty)
        let path = literal(":method", "GET") + literal(":scheme", "http") + literal(":path", "/")
        let other = try SessionPair(settings)
        for number in 0..<50 {
            try other.server.receive(frame(1, flags: 5, stream: Int32(2 * number + 1), path + fields))
        }
        #expect(other.server.session.isAbused)
    }
}
