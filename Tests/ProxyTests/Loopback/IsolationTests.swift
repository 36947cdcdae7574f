import NIOCore
import Routing
import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

/// What one exchange leaves behind never reaches another, and each is told of once.
@Suite(.timeLimit(.minutes(4)))
struct IsolationTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func `What a broken answer left unwritten never shows in somebody else's answer`() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            let head = try connection.readHead()
            let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            if head.hasPrefix("GET /bad ") {
                try connection.write(start + "6\r\nsecret\r\nZZ\r\n")
            } else if head.hasPrefix("POST /bad ") {
                try connection.write(start)
                _ = try connection.read(exactly: 2)
                try connection.write("6\r\nsecret\r\nZZ\r\n")
            } else {
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
                _ = try connection.read(exactly: 2)
                try connection.write("67890")
            }
            _ = try connection.readToEnd()
        }
        try await TestTier.run(to: origin) { tier in
            let long = try tier.connect()
            // The two bytes of body let the test say when the answer goes on.
            try long.write("POST /long HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
            _ = try long.readHead()
            #expect(try long.read(exactly: 5) == Array("12345".utf8))

            let bad = try tier.connect()
            try bad.write("GET /bad HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try bad.readResponse().head.hasPrefix("HTTP/1.1 502 "))
            try bad.write("POST /bad HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
            _ = try bad.readHead()
            try bad.write("go")
            let rest = try bad.readToEnd()
            #expect(rest == "6\r\nsecret\r\n", "\(rest)")

            try long.write("go")
            #expect(String(decoding: try long.read(exactly: 5), as: UTF8.self) == "67890")
        }
    }

    @Test func `A client that is gone when its answer comes has one log record`() async throws {
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let (answered, answer) = AsyncStream.makeStream(of: Void.self)
        let held = Gate()
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            ask.yield()
            held.wait()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
            answer.yield()
            _ = try connection.readToEnd()
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(Self.get)
            for await _ in asked { break }
            // The loop stands still until both the answer and the client's reset are there, in this order.
            let loop = tier.holdLoop()
            held.open()
            for await _ in answered { break }
            client.abandon()
            loop.open()
            _ = await tier.log.wait(for: 1)
            for _ in 0..<5 { try await tier.tier.aWorker.loop.submit {}.get() }
            #expect(tier.log.entries.count == 1)
        }
    }

    @Test func `What a shutdown breaks off is told of`() async throws {
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            ask.yield()
            _ = try connection.readToEnd()
        }
        let log = try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(Self.get)
            for await _ in asked { break }
            _ = await tier.tier.shutDown(limit: .zero)
            return tier.log
        }
        #expect(log.entries.map(\.cause) == [.draining])
        #expect(log.entries.map(\.status) == [503])
    }
}
