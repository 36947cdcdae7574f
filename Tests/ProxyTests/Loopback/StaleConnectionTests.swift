import Routing
import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

/// Upstream connections that were good when they were put aside, and are no longer.
@Suite(.timeLimit(.minutes(4)))
struct StaleConnectionTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func `A stale connection is tried again and nobody sees it`() async throws {
        // The second request on the first connection finds it closed.
        let origin = try ScriptedOrigin { connection, number in
            _ = try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
            if number == 0 {
                _ = try connection.readHead()
                return
            }
            _ = try connection.readToEnd()
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(Self.get)
            #expect(try client.readResponse().body == "0")
            try client.write(Self.get)
            #expect(try client.readResponse().body == "1")
            let entries = await tier.log.wait(for: 2)
            #expect(entries.map(\.retried) == [false, true])
            #expect(entries.map(\.status) == [200, 200])
        }
    }

    @Test
    func `A request that can't be repeated goes to no connection that has closed or sent`() async throws {
        let (spoken, done) = AsyncStream.makeStream(of: Void.self)
        let origin = try ScriptedOrigin { connection, number in
            _ = try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
            switch number {
            case 0: connection.closeWriting()
            default: try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
            }
            // On loopback it has reached the other socket by now.
            done.yield()
            _ = try connection.readToEnd()
        }
        var next = spoken.makeAsyncIterator()
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            for number in 0..<3 {
                try client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na")
                let answer = try client.readResponse()
                #expect(answer.head.hasPrefix("HTTP/1.1 200 ") && answer.body == "\(number)")
                await next.next()
            }
        }
    }

    @Test func `A POST on a stale connection is not repeated: 502`() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n0")
            _ = try connection.readHead()
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(Self.get)
            _ = try client.readResponse()
            try client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na")
            #expect(try client.readResponse().head.hasPrefix("HTTP/1.1 502 "))
        }
    }

    @Test func `What an upstream says unasked never becomes somebody's answer`() async throws {
        let origin = try ScriptedOrigin { connection, number in
            _ = try connection.readHead()
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)"
            try connection.write(answer + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
            _ = try connection.readToEnd()
        }
        try await TestTier.run(to: origin) { tier in
            for _ in 0..<5 {
                let client = try tier.connect()
                try client.write(Self.get)
                #expect(try client.readResponse().body != "poison")
            }
        }
    }
}
