import Glibc
import NIOCore
import Names
import ProxyCore
import Routing
import TestSupport
import Testing

@testable import Proxy

/// What only a kernel shows: each test runs a real tier between real sockets.
@Suite(.timeLimit(.minutes(4)))
struct SocketTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    @Test func `A request arrives with the address that the sockets have, and the port of Host`() async throws
    {
        let origin = try ScriptedOrigin.echoingHeads()
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("GET /a?b=c HTTP/1.1\r\nHost: x.test:81\r\nX-Request-ID: abc-1\r\n\r\n")
            #expect(
                try client.readResponse().body == """
                    GET /a?b=c HTTP/1.1\r
                    Host: x.test:81\r
                    X-Forwarded-For: 127.0.0.1\r
                    X-Forwarded-Proto: http\r
                    X-Forwarded-Port: 81\r
                    X-Forwarded-Host: x.test:81\r
                    X-Request-ID: abc-1\r
                    Via: 1.1 berth-front-test\r
                    \r

                    """
            )
        }
    }

    @Test func `Several endpoints of a name take turns`() async throws {
        let origins = try ["a", "b"].map { name in
            try ScriptedOrigin { connection, _ in
                while true {
                    _ = try connection.readHead()
                    try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(name)")
                }
            }
        }
        let rule = RuleDefinition(name: "all", action: .forward(to: "origin"))
        try await TestTier.run(rules: [rule], names: ["origin": origins.map(\.port)]) { tier in
            let client = try tier.connect()
            var seen: [String] = []
            for _ in 0..<6 {
                try client.write(Self.get)
                seen.append(try client.readResponse().body)
            }
            #expect(seen == ["a", "b", "a", "b", "a", "b"] || seen == ["b", "a", "b", "a", "b", "a"])
        }
    }

    @Test func `After 101 bytes pass both ways, and each half closes on its own`() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            try connection.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhi"
            )
            let received = try connection.readToEnd()
            try connection.write("received \(received)")
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(
                "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly "
            )
            #expect(try client.readHead().hasPrefix("HTTP/1.1 101 "))
            #expect(try client.read(exactly: 2) == Array("hi".utf8))
            try client.write("late")
            client.closeWriting()
            #expect(try client.readToEnd() == "received early late")
        }
    }

    @Test func `A refused connection: 502`() async throws {
        let origin = try ScriptedOrigin.echoingHeads()
        let port = origin.port
        origin.stop()
        let rule = RuleDefinition(name: "one", action: .forward(to: "gone"))
        try await TestTier.run(rules: [rule], names: ["gone": [port]]) { tier in
            let client = try tier.connect()
            try client.write(Self.get)
            let head = try client.readResponse().head
            #expect(head.hasPrefix("HTTP/1.1 502 ") && head.contains("error=connection_refused;"), "\(head)")
            #expect(await tier.log.wait(for: 1).map(\.cause) == [.connectionRefused])
        }
    }

    @Test func `Berth's own listener is not a target: 502, and nothing goes round`() async throws {
        try await TestTier.run(rules: [RuleDefinition(name: "self", action: .forward(to: "me"))]) { tier in
            let address = NamedAddress(address: IPAddress(v4: 0x7F00_0001), port: tier.port)
            let layer = NameLayer(source: "static", names: ["me": [address]])
            tier.tier.install(names: NameTableUpdate(table: NameTable(layers: [layer]), changed: nil))
            // The names are in force before the request arrives.
            try await tier.tier.aWorker.loop.submit {}.get()
            let client = try tier.connect()
            try client.write(Self.get)
            let head = try client.readResponse().head
            #expect(head.contains("error=destination_ip_prohibited;"), "\(head)")
            #expect(await tier.log.wait(for: 1).map(\.cause) == [.prohibitedAddress])
        }
    }

    @Test func `To HTTP/1.0, whose responses end by close, a broken response is a reset`() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")
            connection.closeWriting()
            _ = try connection.readToEnd()
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("GET / HTTP/1.0\r\nHost: x\r\n\r\n")
            #expect(try client.endsWithReset())
        }
    }

    @Test func `A client that goes away takes its upstream connection with it`() async throws {
        let (gone, saw) = AsyncStream.makeStream(of: Void.self)
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            let block = [UInt8](repeating: 1, count: 65536)
            do {
                while true { try connection.write(block) }
            } catch {
                saw.yield()
            }
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(Self.get)
            _ = try client.readHead()
            client.reset()
            var seen = gone.makeAsyncIterator()
            await seen.next()
            #expect(await tier.log.wait(for: 1).map(\.cause) == [.downstreamClosed])
        }
    }
}
