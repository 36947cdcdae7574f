import Balancing
import NIOCore
import Names
import Routing
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

/// What drains ends within its time: a WebSocket with close frames, an event stream after an event, and everything else so
/// that it does not look whole.
@Suite struct DrainBoundTests {
    private static let webSocket =
        "GET / HTTP/1.1\r\nHost: pair.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    private static let switching =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    private static let get = "GET / HTTP/1.1\r\nHost: pair.test\r\n\r\n"
    private static let toClient: [UInt8] = [0x88, 2, 0x03, 0xE9]

    private struct Pair {
        let bench: FaultBench
        let client: FaultBench.Peer
        let upstream: FaultBench.Peer

        /// What the client gets of the response, and what the endpoint gets after the request.
        init(_ request: String, _ response: String, pools: [PoolDefinition] = []) throws {
            bench = try FaultBench(pools: pools) {
                $0.timeouts.upstream = .seconds(1000)
                $0.timeouts.downstream = .seconds(1000)
                $0.timeouts.drain = .seconds(10)
                $0.timeouts.drainWebSocket = .seconds(20)
            }
            client = bench.client()
            client.say(request)
            bench.settle()
            upstream = try #require(bench.upstreams.first)
            upstream.say(response)
            bench.settle()
            _ = upstream.takeHeard()
            if !response.isEmpty { _ = client.takeHeard() }
        }

        func say(_ peer: FaultBench.Peer, _ bytes: [UInt8]) {
            peer.wire.send(bytes[...])
            bench.settle()
        }

        func drainTier() {
            bench.worker.drain(limit: .seconds(10)).whenComplete { _ in }
            bench.settle()
        }

        func withdraw() {
            let table = NameTable(layers: [NameLayer(source: "static", names: [:])])
            bench.worker.install(names: NameTableUpdate(table: table, changed: ["pair"]))
            bench.settle()
        }
    }

    private static func isMaskedClose(_ bytes: [UInt8]) -> Bool {
        bytes.count == 8 && bytes[0] == 0x88 && bytes[1] == 0x82 && bytes[6] ^ bytes[2] == 0x03
            && bytes[7] ^ bytes[3] == 0xE9
    }

    // MARK: WebSocket

    @Test(arguments: ["tier", "name", "operator"])
    func `A WebSocket gets close frames at the end of its own time`(what: String) throws {
        var pool = PoolDefinition(.name("pair"))
        pool.settings.allDown = .attempt
        let pair = try Pair(Self.webSocket, Self.switching, pools: what == "operator" ? [pool] : [])
        defer { pair.bench.end() }
        switch what {
        case "tier": pair.drainTier()
        case "name": pair.withdraw()
        default:
            let endpoint = try #require(pair.upstream.endpoint)
            let shared = pair.bench.targets.endpoints.endpoint(endpoint, identity: nil, pool: "pair")
            shared.set(.drain, now: pair.bench.loop.now)
        }
        pair.bench.pass(.seconds(19))
        #expect(pair.client.bytes.isEmpty && pair.client.transport.isOpen)
        pair.bench.pass(.seconds(2))
        #expect(pair.client.bytes == Self.toClient)
        #expect(Self.isMaskedClose(pair.upstream.bytes))
        // Both reply; then both connections end in order.
        pair.say(pair.client, [0x88, 0x82, 1, 2, 3, 4, 0x02, 0xEB])
        #expect(pair.client.transport.isOpen)
        pair.say(pair.upstream, Self.toClient)
        #expect(!pair.client.transport.isOpen && !pair.upstream.transport.isOpen)
        #expect(!pair.client.wire.berthReset && !pair.upstream.wire.berthReset)
        #expect(pair.client.bytes == Self.toClient && pair.upstream.bytes.count == 8)
        #expect(pair.bench.log.lines == [BenchLog.Line(status: 101, cause: .draining)])
    }

    @Test func `A side that does not reply is closed after some time`() throws {
        let pair = try Pair(Self.webSocket, Self.switching)
        defer { pair.bench.end() }
        pair.drainTier()
        pair.bench.pass(.seconds(21))
        #expect(pair.client.bytes == Self.toClient)
        pair.bench.pass(.seconds(3))
        #expect(!pair.client.transport.isOpen && !pair.upstream.transport.isOpen)
        #expect(!pair.client.wire.berthReset && !pair.upstream.wire.berthReset)
    }

    @Test func `A close frame comes after the frame that has begun, and nothing after it`() throws {
        let pair = try Pair(Self.webSocket, Self.switching)
        defer { pair.bench.end() }
        pair.say(pair.upstream, [0x82, 4, 1])
        pair.drainTier()
        pair.bench.pass(.seconds(20))
        #expect(pair.client.bytes == [0x82, 4, 1])
        pair.say(pair.upstream, [2, 3, 4, 0x82, 1, 9])
        #expect(pair.client.bytes == [0x82, 4, 1, 2, 3, 4] + Self.toClient)
        pair.say(pair.upstream, [0x82, 1, 9])
        #expect(pair.client.bytes == [0x82, 4, 1, 2, 3, 4] + Self.toClient)
    }

    @Test func `In the middle of a frame that does not end, the connection is reset`() throws {
        let pair = try Pair(Self.webSocket, Self.switching)
        defer { pair.bench.end() }
        pair.say(pair.upstream, [0x82, 4, 1])
        pair.drainTier()
        pair.bench.pass(.seconds(24))
        #expect(pair.client.bytes == [0x82, 4, 1])
        #expect(pair.client.wire.berthReset && !pair.upstream.wire.berthReset)
        #expect(Self.isMaskedClose(pair.upstream.bytes))
    }

    @Test func `A side that has said its last word gets no second one`() throws {
        let pair = try Pair(Self.webSocket, Self.switching)
        defer { pair.bench.end() }
        let close: [UInt8] = [0x88, 0x82, 1, 2, 3, 4, 0x02, 0xEA]
        pair.say(pair.client, close)
        #expect(pair.upstream.bytes == close)
        pair.drainTier()
        pair.bench.pass(.seconds(21))
        #expect(pair.upstream.bytes == close && pair.client.bytes == Self.toClient)
    }

    @Test func `Another protocol is reset with the requests`() throws {
        let pair = try Pair(
            Self.webSocket.replacing("websocket", with: "echo"),
            Self.switching.replacing("websocket", with: "echo")
        )
        defer { pair.bench.end() }
        pair.drainTier()
        pair.bench.pass(.seconds(11))
        #expect(pair.client.wire.berthReset && pair.upstream.wire.berthReset)
    }

    @Test func `A tier that stops at once still says so to WebSockets`() throws {
        let pair = try Pair(Self.webSocket, Self.switching)
        defer { pair.bench.end() }
        _ = pair.bench.worker.stop()
        pair.bench.settle()
        #expect(pair.client.bytes == Self.toClient && Self.isMaskedClose(pair.upstream.bytes))
        #expect(!pair.client.transport.isOpen && !pair.upstream.transport.isOpen)
    }

    @Test func `An endpoint that comes back in time keeps its WebSockets`() throws {
        let pair = try Pair(Self.webSocket, Self.switching)
        defer { pair.bench.end() }
        pair.withdraw()
        pair.bench.pass(.seconds(15))
        let table = NameTable(layers: [NameLayer(source: "static", names: ["pair": FaultBench.pair])])
        pair.bench.worker.install(names: NameTableUpdate(table: table, changed: ["pair"]))
        pair.bench.pass(.seconds(60))
        #expect(pair.client.bytes.isEmpty && pair.client.transport.isOpen)
    }

    // MARK: Event streams

    private static let stream =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

    @Test(arguments: ["HTTP/1.1", "HTTP/1.0"])
    func `An event stream ends between two events, and looks whole`(version: String) throws {
        let pair = try Pair(Self.get.replacing("HTTP/1.1", with: version), Self.stream)
        defer { pair.bench.end() }
        pair.say(pair.upstream, Array("9\r\ndata: a\n\n\r\n".utf8))
        pair.drainTier()
        pair.bench.pass(.seconds(11))
        let isChunked = version == "HTTP/1.1"
        #expect(pair.client.heard == (isChunked ? "9\r\ndata: a\n\n\r\n0\r\n\r\n" : "data: a\n\n"))
        #expect(pair.client.isToldTheEnd && !pair.client.wire.berthReset)
        #expect(pair.bench.log.lines == [BenchLog.Line(status: 200, cause: .draining)])
    }

    @Test(arguments: [true, false])
    func `An event that has begun is waited for, and not for long`(ends: Bool) throws {
        let pair = try Pair(Self.get, Self.stream)
        defer { pair.bench.end() }
        pair.say(pair.upstream, Array("7\r\ndata: a\r\n".utf8))
        pair.drainTier()
        pair.bench.pass(.seconds(11))
        #expect(pair.client.transport.isOpen)
        if ends {
            pair.say(pair.upstream, Array("2\r\n\n\n\r\n".utf8))
            #expect(pair.client.heard == "7\r\ndata: a\r\n2\r\n\n\n\r\n0\r\n\r\n")
            #expect(!pair.client.wire.berthReset)
        } else {
            pair.bench.pass(.seconds(2))
            #expect(pair.client.wire.berthReset)
        }
    }

    @Test func `A stream of an endpoint that drains ends, and the client's connection stays`() throws {
        let pair = try Pair(Self.get, Self.stream)
        defer { pair.bench.end() }
        pair.withdraw()
        pair.bench.pass(.seconds(11))
        #expect(pair.client.heard == "0\r\n\r\n" && pair.client.transport.isOpen)
        #expect(!pair.upstream.transport.isOpen)
    }

    @Test func `An event stream without a bound passes as it came`() throws {
        let pair = try Pair(Self.get, "")
        defer { pair.bench.end() }
        pair.say(pair.upstream, Array((Self.stream + "3\r\n:a\n\r\n1\r\n\n\r\n0\r\n\r\n").utf8))
        #expect(pair.client.heard.hasSuffix("\r\n\r\n3\r\n:a\n\r\n1\r\n\n\r\n0\r\n\r\n"))
        #expect(pair.client.heard.contains("Transfer-Encoding: chunked\r\n"))
    }

    // MARK: Everything else

    @Test(
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
            "HTTP/1.1 200 OK\r\n\r\nhalf",
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 99\r\n\r\ndata: a\n\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-streams\r\n\r\ndata: a\n\n",
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n\n\n",
        ],
        ["HTTP/1.1", "HTTP/1.0"]
    )
    func `A response that is not finished is reset`(response: String, version: String) throws {
        let pair = try Pair(Self.get.replacing("HTTP/1.1", with: version), response)
        defer { pair.bench.end() }
        pair.drainTier()
        pair.bench.pass(.seconds(9))
        #expect(pair.client.transport.isOpen)
        pair.bench.pass(.seconds(2))
        #expect(pair.client.wire.berthReset)
        #expect(pair.bench.log.lines == [BenchLog.Line(status: 200, cause: .draining)])
    }

    @Test(arguments: ["tier", "name"])
    func `A request whose response has not begun gets 503`(what: String) throws {
        let pair = try Pair(Self.get, "")
        defer { pair.bench.end() }
        if what == "tier" { pair.drainTier() } else { pair.withdraw() }
        pair.bench.pass(.seconds(11))
        #expect(pair.client.heard.hasPrefix("HTTP/1.1 503 "))
        #expect(pair.client.heard.contains("Connection: close\r\n") == (what == "tier"))
        #expect(pair.bench.log.lines == [BenchLog.Line(status: 503, cause: .draining)])
    }
}
