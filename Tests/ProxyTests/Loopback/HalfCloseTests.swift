import Routing
import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

/// A client that has said all it has to say may close its half, whenever it likes.
@Suite(.timeLimit(.minutes(4)))
struct HalfCloseTests {
    @Test func `A whole body behind which the client closes its half gets its answer`() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            let body = try connection.read(exactly: 30_000)
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\(body.count)")
        }
        try await TestTier.run(to: origin) { tier in
            // All of it is there before the upstream connection is.
            let loop = tier.holdLoop()
            let client = try tier.connect()
            let body = String(repeating: "a", count: 30_000)
            try client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n" + body)
            client.closeWriting()
            loop.open()
            #expect(try client.readToEnd().hasSuffix("\r\n\r\n30000"))
        }
    }

    @Test func `A body that is cut off by a half-close is given up`() async throws {
        let origin = try ScriptedOrigin { connection, _ in _ = try connection.readToEnd() }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\nhalf")
            client.closeWriting()
            #expect(try client.readToEnd() == "")
            let entry = await tier.log.wait(for: 1).first
            #expect(entry?.cause == .downstreamClosed)
        }
    }

    @Test func `Pipelined requests behind which the client closes its half are all answered`() async throws {
        let origin = try ScriptedOrigin.echoingHeads()
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write((0..<50).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
            client.closeWriting()
            let answers = try client.readToEnd()
            for number in 0..<50 { #expect(answers.contains("GET /\(number) HTTP/1.1\r\n")) }
        }
    }
}
