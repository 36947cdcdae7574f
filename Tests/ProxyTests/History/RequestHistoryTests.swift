import Foundation
import NIOCore
import Routing
import Testing

@testable import ProxyCore

@Suite struct RequestHistoryTests {
    private static func ask(_ tier: EmbeddedTier, _ path: String, host: String = "a.test", id: String) throws
    {
        let client = try tier.connect()
        client.send("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nX-Request-ID: \(id)\r\n\r\n")
        _ = try client.takeResponse()
        client.close()
    }

    private static func ids(_ history: RequestHistory, failedOnly: Bool = false) -> [String] {
        history.newest(100, failedOnly: failedOnly, generation: 0, now: .now()).map { $0.text(.id) ?? "-" }
    }

    @Test func `The newest requests are kept, and failed ones beside them`() throws {
        let tier = try EmbeddedTier(origin: EmbeddedTier.echoHeads)
        let history = try #require(tier.keepRequests())
        tier.connectFailure = .connectionRefused
        try Self.ask(tier, "/bad", id: "bad")
        tier.connectFailure = nil
        for number in 0..<20 { try Self.ask(tier, "/\(number)", id: "\(number)") }
        #expect(Self.ids(history) == (12..<20).reversed().map { "\($0)" } + ["bad"])
        #expect(Self.ids(history, failedOnly: true) == ["bad"])
        #expect(history.newest(3, failedOnly: false, generation: 0, now: .now()).count == 3)
    }

    @Test func `A request is found by its id and by its host`() throws {
        let tier = try EmbeddedTier(origin: EmbeddedTier.echoHeads)
        let history = try #require(tier.keepRequests())
        try Self.ask(tier, "/1", host: "a.test:8080", id: "one")
        try Self.ask(tier, "/2", host: "a.test2", id: "one")
        try Self.ask(tier, "/3", host: "A.TEST", id: "three")
        func find(_ id: String) -> [String?] {
            history.requests(withID: Array(id.utf8), generation: 0, now: .now()).map { $0.text(.uri) }
        }
        func last(_ host: String) -> String? {
            history.last(ofHost: Array(host.utf8), generation: 0, now: .now())?.text(.uri)
        }
        #expect(find("one") == ["/2", "/1"] && find("two").isEmpty && find("on").isEmpty)
        #expect(last("a.test") == "/3" && last("a.test2") == "/2" && last("a.tes") == nil)
        try Self.ask(tier, "/4", host: "a.test:81", id: "four")
        #expect(last("a.test") == "/4" && last("a.test:8080") == "/1")
    }

    @Test func `What a request did is kept`() throws {
        let tier = try EmbeddedTier(
            rules: [
                RuleDefinition(
                    name: "apps",
                    host: #"~^(?<app>[a-z]+)\.(?<zone>test)$"#,
                    action: .forward(to: "origin:81")
                )
            ],
            origin: EmbeddedTier.echoHeads
        )
        let history = try #require(tier.keepRequests())
        try Self.ask(tier, "/x?y", host: "shop.test", id: "one")
        let request = try #require(history.newest(1, failedOnly: false, generation: 0, now: .now()).first)
        #expect(
            request.text(.method) == "GET" && request.text(.uri) == "/x?y" && request.text(.rule) == "apps"
        )
        #expect(request.text(.target) == "origin:81" && request.protocolName == "HTTP/1.1")
        #expect(request.captures.map(\.name) == ["app", "zone"])
        #expect(request.captures.map(\.value) == ["shop", "test"])
        #expect(request.slot.endpoint == Endpoint("10.1.0.1:80") && request.slot.status == 200)
        #expect(request.slot.endpoints == 1 && request.hasCurrentRules && !request.isFailed)
        #expect(request.attempts.isEmpty && request.hasLastAttempt && request.connectBegan != nil)
        #expect(!history.newest(1, failedOnly: false, generation: 1, now: .now())[0].hasCurrentRules)
    }

    @Test func `An attempt that fails is kept with its cause`() throws {
        let tier = try EmbeddedTier(origin: EmbeddedTier.echoHeads)
        let history = try #require(tier.keepRequests())
        tier.connectFailure = .connectTimeout
        try Self.ask(tier, "/", id: "one")
        let request = try #require(history.newest(1, failedOnly: true, generation: 0, now: .now()).first)
        #expect(request.slot.reason == .connectTimeout && request.slot.connected == nil)
        let reasons = request.attempts.map(\.reason) + (request.hasLastAttempt ? [.connectTimeout] : [])
        #expect(reasons == [.connectTimeout])
    }

    @Test func `Long texts are cut, and leave room for others`() throws {
        let tier = try EmbeddedTier(origin: EmbeddedTier.echoHeads)
        let history = try #require(tier.keepRequests())
        let path = "/" + String(repeating: "x", count: 4000)
        let host = String(repeating: "a.", count: 120) + "test"
        try Self.ask(tier, path, host: host, id: String(repeating: "i", count: 128))
        let request = try #require(history.newest(1, failedOnly: false, generation: 0, now: .now()).first)
        #expect(request.text(.id)?.utf8.count == 128)
        #expect(request.text(.uri) == path.prefix(192) + "…" && request.text(.host) == host.prefix(128) + "…")
        #expect(request.text(.rule) == "all" && request.text(.target) == "origin")
        #expect(history.last(ofHost: Array(host.utf8), generation: 0, now: .now()) != nil)
    }

    @Test func `A request that never was one is kept`() throws {
        let tier = try EmbeddedTier(origin: EmbeddedTier.echoHeads)
        let history = try #require(tier.keepRequests())
        let client = try tier.connect()
        client.send("GET / HTTP/1.1\r\nHost : x\r\n\r\n")
        _ = try client.takeResponse()
        let request = try #require(history.newest(1, failedOnly: true, generation: 0, now: .now()).first)
        #expect(request.slot.reason == .malformedRequest && request.text(.host) == nil)
        #expect(request.text(.id)?.utf8.count == 32 && request.text(.detail) != nil)
    }

    @Test func `A request that runs is found, with what it does and for how long`() throws {
        let tier = try EmbeddedTier()
        let history = try #require(tier.keepRequests())
        let client = try tier.connect()
        client.send("GET /slow HTTP/1.1\r\nHost: A.test:81\r\nX-Request-ID: one\r\n\r\n")
        func running() -> KeptRequest? { tier.running { $0.hasID(Array("one".utf8)) }.first }
        tier.pass(.seconds(3))
        let waiting = try #require(running())
        #expect(waiting.running == .firstByte && waiting.text(.uri) == "/slow" && waiting.slot.status == 0)
        #expect(waiting.slot.end - waiting.slot.start == .seconds(3) && waiting.text(.rule) == "all")
        #expect(waiting.slot.endpoint == Endpoint("10.1.0.1:80") && !waiting.isFailed)
        #expect(tier.running { $0.hasID(Array("two".utf8)) }.isEmpty)
        for (host, isFound) in [("a.test", true), ("a.test:81", true), ("a.tes", false), ("a.test:8", false)]
        {
            #expect(tier.running { $0.isRequest(for: Array(host.utf8)) }.isEmpty != isFound, "\(host)")
        }
        tier.upstreams[0].send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        let streaming = try #require(running())
        #expect(streaming.running == .body && streaming.slot.status == 200)
        #expect(Self.ids(history).isEmpty)
        tier.upstreams[0].send("b")
        #expect(running() == nil && Self.ids(history) == ["one"])
    }

    @Test func `A WebSocket is found while it is open`() throws {
        let tier = try EmbeddedTier()
        _ = try #require(tier.keepRequests())
        let client = try tier.connect()
        client.send(
            "GET / HTTP/1.1\r\nHost: a.test\r\nX-Request-ID: ws\r\nConnection: upgrade\r\n"
                + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        tier.upstreams[0].send(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
        )
        tier.upstreams[0].send("12345")
        let request = try #require(tier.running { $0.hasID(Array("ws".utf8)) }.first)
        #expect(request.running == .tunnel && request.slot.flags.contains(.tunnel))
        #expect(request.slot.status == 101 && request.slot.bytesOut == 5)
    }
}
