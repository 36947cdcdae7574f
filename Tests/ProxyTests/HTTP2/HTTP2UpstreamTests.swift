import HTTP2
import NIOCore
import ProxyCore
import Routing
import Testing

@testable import Proxy

/// Requests of HTTP/1 clients to an origin that speaks HTTP/2 without TLS.
@Suite struct HTTP2UpstreamTests {
    private let origin: HTTP2Origin
    private let tier: EmbeddedTier

    init() throws { (origin, tier) = try Self.make() }

    static func make(streams: Int = 100, configure: (inout TierSettings) -> Void = { _ in }) throws -> (
        HTTP2Origin, EmbeddedTier
    ) {
        let origin = HTTP2Origin(streams: streams)
        let rule = RuleDefinition(name: "all", action: .forward(to: "h2c://origin"))
        return (origin, try EmbeddedTier(rules: [rule], configure: configure) { origin.play($0) })
    }

    @discardableResult
    private func send(_ text: String) throws -> EmbeddedPeer {
        let client = try tier.connect()
        client.send(text)
        return client
    }

    private static let get = "GET /path HTTP/1.1\r\nHost: app.test\r\n\r\n"
    private static let post = "POST /path HTTP/1.1\r\nHost: app.test\r\nContent-Length: 4\r\n\r\nbody"

    private var cause: Failure.Reason? { tier.log.entries.last?.cause }

    // MARK: Messages

    @Test func `A request has the fields of HTTP 2, and its response those of HTTP 1`() throws {
        origin.respond = { $0.respond(200, "Content-Type: text/plain\r\nContent-Length: 5\r\n") }
        let client = try send(
            "GET /path?q HTTP/1.1\r\nHost: App.test\r\nX-One: 1\r\nConnection: x-two\r\nX-Two: 2\r\n\r\n"
        )
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 200 \r\n") && head.contains("content-type: text/plain\r\n"))
        #expect(!head.lowercased().contains("transfer-encoding"))
        #expect(body == "hello")
        let request = try #require(origin.requests.first)
        #expect(request.line == "GET /path?q")
        #expect(request.head.contains("host: App.test\r\n") && request.head.contains("x-one: 1\r\n"))
        #expect(request.head.contains("te: trailers\r\n") && !request.head.contains("x-two"))
    }

    @Test func `A body without length comes in chunks, with the trailers after it`() throws {
        origin.respond = { $0.respond(200, body: "some", trailers: "x-sum: 7\r\n") }
        let client = try send(Self.get)
        let head = try client.takeHead()
        #expect(head.lowercased().contains("transfer-encoding: chunked\r\n"))
        #expect(client.takeAll() == "4\r\nsome\r\n0\r\nx-sum: 7\r\n\r\n")
    }

    @Test func `A request in chunks has its content and its trailers on the stream`() throws {
        origin.respond = { $0.respond() }
        let client = try send(
            "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
        )
        client.send("2;x=y\r\nde\r")
        client.send("\n0\r\nX-Sum: 5\r\n\r\n")
        let request = try #require(origin.requests.first)
        #expect(String(decoding: request.body, as: UTF8.self) == "abcde")
        #expect(request.trailers == "x-sum: 5\r\n")
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 200"))
    }

    @Test func `A response to HEAD says nothing of a length that the origin did not say`() throws {
        origin.respond = { $0.respond(200, "Content-Type: a/b\r\n", body: nil) }
        let client = try send("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n")
        let head = try client.takeHead()
        #expect(!head.lowercased().contains("content-length"))
    }

    @Test func `Interim responses pass`() throws {
        origin.respond = { request in
            request.begin(103, "Link: </a.css>\r\n", isInterim: true)
            request.respond()
        }
        let client = try send(Self.get)
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 103"))
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 200"))
    }

    @Test func `Without a body the response of gRPC is its head`() throws {
        origin.respond = {
            $0.respond(200, "content-type: application/grpc\r\ngrpc-status: 5\r\n", body: nil)
        }
        let (head, body) = try send(Self.post).takeResponse()
        #expect(head.contains("grpc-status: 5\r\n") && head.contains("content-length: 0") && body.isEmpty)
    }

    @Test func `An origin of HTTP 1 is not taken for one of HTTP 2`() throws {
        let rule = RuleDefinition(name: "all", action: .forward(to: "h2c://origin"))
        let tier = try EmbeddedTier(rules: [rule], configure: { _ in }) { peer in
            _ = peer.takeBytes()
            peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
        }
        let client = try tier.connect()
        client.send(Self.get)
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 502"))
        #expect(tier.log.entries.last?.cause == .invalidResponse)
    }

    // MARK: Shared connections

    @Test func `Requests share a connection up to the limit of the origin`() throws {
        let (origin, tier) = try Self.make(streams: 2)
        let clients = try (0..<5).map { _ in try tier.connect() }
        for client in clients { client.send(Self.get) }
        #expect(origin.connections.count == 3)
        #expect(origin.requests.count == 5)
        for request in origin.requests { request.respond() }
        for client in clients { #expect(try client.takeHead().hasPrefix("HTTP/1.1 200")) }
        // The next ones have room again.
        for client in clients.prefix(2) { client.send(Self.get) }
        #expect(origin.connections.count == 3)
    }

    @Test func `A client that leaves ends its stream and nothing else`() throws {
        let (first, second) = (try send(Self.get), try send(Self.get))
        first.reset()
        #expect(origin.requests[0].isClosed == .cancel)
        origin.requests[1].respond()
        #expect(try second.takeHead().hasPrefix("HTTP/1.1 200"))
        #expect(origin.connections.count == 1)
    }

    @Test func `A connection without streams ends when it has idled, and says so`() throws {
        origin.respond = { $0.respond() }
        try send(Self.get)
        let connection = try #require(origin.connections.first)
        tier.pass(.seconds(61))
        #expect(connection.peer.isEnded && connection.goAways.count == 1)
    }

    @Test func `An old connection takes no further request, and ends after its last`() throws {
        let first = try send("GET / HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/grpc\r\n\r\n")
        tier.pass(.minutes(13))
        let second = try send(Self.get)
        #expect(origin.connections.count == 2)
        origin.requests[0].respond()
        #expect(try first.takeHead().hasPrefix("HTTP/1.1 200"))
        #expect(origin.connections[0].peer.isEnded && !origin.connections[1].peer.isEnded)
        origin.requests[1].respond()
        #expect(try second.takeHead().hasPrefix("HTTP/1.1 200"))
    }

    // MARK: What the origin refuses

    @Test func `After GOAWAY what is above the last stream is sent again, also POST`() throws {
        let (first, second) = (try send(Self.post), try send(Self.post))
        origin.connections[0].goAway(last: 1)
        #expect(origin.connections.count == 2 && origin.requests.count == 3)
        #expect(origin.requests[2].body == Array("body".utf8))
        for index in [0, 2] { origin.requests[index].respond() }
        for client in [first, second] { #expect(try client.takeHead().hasPrefix("HTTP/1.1 200")) }
        #expect(origin.connections[0].peer.isEnded)
        #expect(tier.log.entries.map(\.status) == [200, 200])
    }

    @Test func `A body that is still arriving is sent again from its beginning`() throws {
        let client = try send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\nabc")
        client.send("d")
        origin.requests[0].reset(.refusedStream)
        client.send("ef")
        #expect(String(decoding: try #require(origin.requests.last).body, as: UTF8.self) == "abcdef")
        try #require(origin.requests.last).respond()
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 200"))
    }

    @Test func `An origin that refuses everything is left after some attempts`() throws {
        origin.respond = { $0.reset(.refusedStream) }
        let client = try send(Self.post)
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 503"))
        #expect(cause == .streamRefused)
        #expect(origin.requests.count == 1 + DataPathConstants.refusedStreams)
    }

    @Test(arguments: [HTTP2Code.cancel, .internalError, .protocolError, .http11Required])
    func `A stream that the origin breaks off is a failure of its own`(code: HTTP2Code) throws {
        origin.respond = { $0.reset(code) }
        let client = try send(Self.post)
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 502"))
        #expect(cause == .streamReset && tier.log.entries.last?.detail == code.token)
        #expect(origin.requests.count == 1)
    }

    @Test func `A response that is complete is not harmed by a reset after it`() throws {
        let client = try send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\nabc")
        origin.requests[0].respond(200, "content-length: 5\r\n")
        origin.requests[0].reset(.noError)
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 200") && body == "hello")
    }

    @Test func `A connection that ends breaks its responses off`() throws {
        let client = try send(Self.get)
        origin.requests[0].begin()
        origin.requests[0].send("some")
        origin.connections[0].peer.close()
        #expect(client.isEnded && cause == .responseIncomplete)
    }

    @Test func `Heads that are no messages end their stream alone`() throws {
        let other = try send(Self.get)
        let client = try send(Self.get)
        // A field of a connection.
        let stream = origin.requests[1].stream.id
        origin.connections[0].send(
            frame: 1,
            flags: 4,
            stream: stream,
            [0x8840_0A63, 0x6F6E_6E65, 0x6374_696F, 0x6E01_6188]
        )
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 502"))
        origin.requests[0].respond()
        #expect(try other.takeHead().hasPrefix("HTTP/1.1 200"))
    }

    @Test func `A flood of frames ends the connection`() throws {
        let client = try send(Self.get)
        for _ in 0..<3_000 {
            guard !origin.connections[0].peer.isEnded else { break }
            origin.connections[0].send(frame: 6, stream: 0, [1, 2])
        }
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 502"))
        #expect(cause == .invalidResponse)
    }

    @Test func `Clients that leave again and again do not end what others have on the connection`() throws {
        let other = try send(Self.get)
        for _ in 0..<1_000 {
            let client = try send("GET /gone HTTP/1.1\r\nHost: a.test\r\n\r\n")
            client.reset()
        }
        #expect(origin.connections.count == 1)
        origin.requests[0].respond()
        #expect(try other.takeHead().hasPrefix("HTTP/1.1 200"))
    }

    // MARK: Silence

    @Test func `A peer that is dead is found by a PING`() throws {
        let client = try send(Self.post)
        origin.isDead = true
        tier.pass(DataPathConstants.pingAfter + DataPathConstants.pingTime + .seconds(1))
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 502"))
        #expect(cause == .connectionReset && tier.log.entries.last?.detail == "no_pong")
    }

    @Test func `A call of gRPC may be silent for as long as the peer is alive`() throws {
        let call = try send(
            "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
        )
        tier.pass(.hours(1))
        origin.requests[0].begin()
        tier.pass(.hours(1))
        call.send("0\r\n\r\n")
        origin.requests[0].end("grpc-status: 0\r\n")
        #expect(try call.takeHead().hasPrefix("HTTP/1.1 200"))
        #expect(call.takeAll() == "0\r\ngrpc-status: 0\r\n\r\n")
    }

    @Test func `Any other request is not silent for longer than its timeout`() throws {
        let client = try send(Self.post)
        tier.pass(.minutes(2))
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 504"))
        #expect(origin.requests[0].isClosed == .cancel)
    }

    // MARK: WebSocket

    private static let upgrade =
        "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    @Test func `WebSocket goes over a stream`() throws {
        let client = try send(Self.upgrade)
        let request = try #require(origin.requests.first)
        #expect(request.head.contains("upgrade: websocket\r\n"))
        request.begin()
        let head = try client.takeHead()
        #expect(head.hasPrefix("HTTP/1.1 101"))
        #expect(head.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"))
        client.send("ping")
        #expect(String(decoding: try #require(origin.requests.first).body, as: UTF8.self) == "ping")
        request.send("pong")
        #expect(client.takeAll() == "pong")
        request.end()
        client.finish()
        #expect(client.isEnded && origin.connections.count == 1)
    }

    @Test func `A WebSocket that is refused has a response like any other`() throws {
        let client = try send(Self.upgrade)
        try #require(origin.requests.first).respond(403, "content-length: 5\r\n")
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 403") && body == "hello")
    }
}
