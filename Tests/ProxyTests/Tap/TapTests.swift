import NIOCore
import Routing
import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

/// What a tap records of requests through a tier without sockets.
@Suite struct TapTests {
    private final class Seen {
        var contents: [TapContent] = []
        var skipped = 0
    }

    private struct Bench {
        let tier: EmbeddedTier
        let seen: Seen
        let tap: Tap

        init(
            limit: Int = Tap.maxHeldBytes,
            _ edit: (inout TapPolicy) -> Void = { _ in },
            origin: @escaping EmbeddedTier.Origin
        ) throws {
            let seen = Seen()
            tap = Tap(limit: limit, skip: { seen.skipped += 1 }) { content, _ in seen.contents.append(content)
            }
            var policy = TapPolicy()
            policy.bodyBytes = 16
            edit(&policy)
            tier = try EmbeddedTier(edit: { $0.tap = policy }, origin: origin)
            tier.tap(tap)
            self.seen = seen
        }
    }

    private static func fields(_ message: TapMessage) -> [String] {
        message.fields.map { field in
            let value = field.value.map { String(decoding: message.text[$0], as: UTF8.self) } ?? "[redacted]"
            return "\(String(decoding: message.text[field.name], as: UTF8.self)): \(value)"
        }
    }

    private static func body(_ message: TapMessage) -> String { String(buffer: message.body) }

    private static func respond(_ text: String) -> EmbeddedTier.Origin {
        { peer in while peer.nextHead() != nil { peer.send(text) } }
    }

    @Test func `Heads and the beginnings of bodies are recorded, without what is redacted`() throws {
        let bench = try Bench({
            $0.redactedFields.append(Array("x-api-key".utf8))
            $0.redactedParameters = [Array("token".utf8)]
        }) { peer in
            while peer.nextHead() != nil {
                peer.send(
                    "HTTP/1.1 201 Created\r\nContent-Length: 20\r\nSet-Cookie: s=HIDDEN\r\nLocation: /?token=HIDDEN\r\n\r\n"
                        + "01234567890123456789"
                )
            }
        }
        let client = try bench.tier.connect()
        client.send(
            "POST /a?x=1&token=HIDDEN HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer HIDDEN\r\nCOOKIE: HIDDEN\r\n"
                + "X-Api-Key: HIDDEN\r\nX-Plain: seen\r\nContent-Length: 5\r\n\r\nhello"
        )
        let (_, body) = try client.takeResponse()
        #expect(body == "01234567890123456789", "the client gets all of it")
        let content = try #require(bench.seen.contents.first)
        #expect(bench.seen.contents.count == 1)
        let request = content.request
        #expect(String(decoding: request.text[request.target], as: UTF8.self) == "/a?x=1&token=[redacted]")
        #expect(
            Self.fields(request) == [
                "Host: x", "Authorization: [redacted]", "COOKIE: [redacted]", "X-Api-Key: [redacted]",
                "X-Plain: seen", "Content-Length: 5",
            ]
        )
        #expect(Self.body(request) == "hello" && !request.isTruncated)
        #expect(content.response.status == 201)
        #expect(
            Self.fields(content.response) == [
                "Content-Length: 20", "Set-Cookie: [redacted]", "Location: /?token=[redacted]",
            ]
        )
        #expect(Self.body(content.response) == "0123456789012345" && content.response.isTruncated)
        for text in [request.text, content.response.text] {
            #expect(!String(decoding: text, as: UTF8.self).contains("HIDDEN"))
        }
        #expect(bench.tap.heldBytes == 0)
    }

    @Test func `Of chunked bodies the content is recorded, in both directions`() throws {
        var received = ""
        let bench = try Bench { peer in
            received += peer.takeAll()
            guard received.hasSuffix("\r\n0\r\n\r\n") else { return }
            received = ""
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            peer.send("4\r\ndefg\r\n0\r\n\r\n")
        }
        let client = try bench.tier.connect()
        let head = "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        client.send(head + "3\r\n012\r\n")
        client.send("8\r\n34567890\r\n0\r\n\r\n")
        // All of it with the head.
        client.send(head + "2\r\nok\r\n0\r\n\r\n")
        _ = client.takeBytes()
        let bodies = bench.seen.contents.map { [Self.body($0.request), Self.body($0.response)] }
        #expect(bodies == [["01234567890", "abcdefg"], ["ok", "abcdefg"]])
        #expect(bench.seen.contents.allSatisfy { !$0.request.isTruncated && !$0.response.isTruncated })
    }

    @Test func `A body of exactly the limit is whole`() throws {
        let bench = try Bench(
            origin: Self.respond("HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n0123456789012345")
        )
        let client = try bench.tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try client.takeResponse()
        let content = try #require(bench.seen.contents.first)
        #expect(Self.body(content.response) == "0123456789012345" && !content.response.isTruncated)
    }

    @Test func `Without heads, bodies alone are recorded`() throws {
        let bench = try Bench(
            { $0.heads = false },
            origin: Self.respond("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        )
        let client = try bench.tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try client.takeResponse()
        let content = try #require(bench.seen.contents.first)
        #expect(content.request.fields.isEmpty && content.response.fields.isEmpty && !content.hasFields)
        #expect(Self.body(content.response) == "ok" && content.response.status == 200)
    }

    @Test func `The response that the client gets is recorded where the endpoint fails`() throws {
        let bench = try Bench { _ in }
        bench.tier.connectFailure = .connectionRefused
        let client = try bench.tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try client.takeResponse()
        let content = try #require(bench.seen.contents.first)
        #expect(content.response.status == 502 && content.response.isTruncated)
        #expect(Self.fields(content.response).contains { $0.hasPrefix("Proxy-Status: ") })
    }

    @Test func `A request that is not chosen is not recorded`() throws {
        let share = try #require(SampleShare("0.0001%"))
        let bench = try Bench(
            { $0.sample = share },
            origin: Self.respond("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        )
        let client = try bench.tier.connect()
        for number in 0..<50 {
            client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Request-ID: request-\(number)\r\n\r\n")
            _ = try client.takeResponse()
        }
        #expect(bench.seen.contents.isEmpty && bench.seen.skipped == 0)
    }

    @Test func `What there is no room for is skipped and counted, and passes all the same`() throws {
        let bench = try Bench(
            limit: 100,
            origin: Self.respond("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        )
        let client = try bench.tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Long: \(String(repeating: "x", count: 200))\r\n\r\n")
        let (_, body) = try client.takeResponse()
        #expect(body == "ok" && bench.seen.contents.isEmpty && bench.seen.skipped == 1)
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        _ = try client.takeResponse()
        #expect(bench.seen.contents.count == 1 && bench.seen.skipped == 1)
        #expect(bench.tap.heldBytes == 0)
    }

    @Test func `What is held never exceeds the limit, however much runs at a time`() throws {
        let bench = try Bench(limit: 2000, { $0.bodyBytes = 1 << 20 }) { _ in }
        var clients: [EmbeddedPeer] = []
        for _ in 0..<20 {
            let client = try bench.tier.connect()
            client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n")
            client.send(String(repeating: "x", count: 900))
            clients.append(client)
            #expect(bench.tap.heldBytes <= 2000)
        }
        #expect(bench.seen.skipped > 0)
        for client in clients { client.close() }
        bench.tier.settle()
        #expect(bench.tap.heldBytes == 0)
        #expect(bench.seen.contents.contains { $0.request.isTruncated })
    }

    @Test func `After a change of protocol nothing is recorded`() throws {
        let bench = try Bench { peer in
            while peer.nextHead() != nil {
                peer.send(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nsecret of the tunnel"
                )
            }
        }
        let client = try bench.tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        client.send("more")
        for upstream in bench.tier.upstreams { upstream.close() }
        client.close()
        bench.tier.settle()
        let content = try #require(bench.seen.contents.first)
        #expect(content.isUpgraded && content.response.status == 101)
        #expect(content.response.body.readableBytes == 0 && content.request.body.readableBytes == 0)
    }
}
