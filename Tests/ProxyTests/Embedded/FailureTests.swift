import Glibc
import NIOCore
import Names
import Routing
import TestSupport
import Settings
import Testing

@testable import Proxy
@testable import ProxyCore

/// What a client is told when something goes wrong, and that the log says the same.
@Suite("Failures", .timeLimit(.minutes(1)))
struct FailureTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    private func expect(
        _ tier: TestTier,
        _ request: String,
        status: Int,
        cause: Failure.Reason,
        token: String
    ) async throws {
        let client = try tier.connect()
        try client.write(request)
        let (head, body) = try client.readAnswer()
        #expect(head.hasPrefix("HTTP/1.1 \(status) "), "\(head)")
        #expect(head.contains("Proxy-Status: berth-front; error=\(token); details="), "\(head)")
        #expect(body.contains("Berth, front tier"))
        #expect(!body.contains("127.0.0.1"))
        let entry = await tier.log.wait(for: 1).last
        #expect(entry?.status == status)
        #expect(entry?.cause == cause)
    }

    @Test("No rule: 404")
    func noRule() async throws {
        let rule = RuleDefinition(name: "one", host: "only.test", action: .forward(to: "x"))
        try await TestTier.run(rules: [rule]) { tier in
            try await expect(tier, Self.get, status: 404, cause: .noRule, token: "destination_not_found")
        }
    }

    @Test("A target that no name source knows: 503")
    func unknownTarget() async throws {
        let rule = RuleDefinition(name: "one", action: .forward(to: "nobody"))
        try await TestTier.run(rules: [rule]) { tier in
            try await expect(
                tier,
                Self.get,
                status: 503,
                cause: .unknownTarget,
                token: "destination_unavailable"
            )
        }
    }

    @Test("An address that Berth does not connect to: 502")
    func prohibited() async throws {
        let rule = RuleDefinition(name: "metadata", action: .forward(to: "169.254.169.254"))
        try await TestTier.run(rules: [rule]) { tier in
            try await expect(
                tier,
                Self.get,
                status: 502,
                cause: .prohibitedAddress,
                token: "destination_ip_prohibited"
            )
        }
    }

    @Test("Berth's own listener is no target: 502, and nothing goes round")
    func itself() async throws {
        try await TestTier.run(rules: [RuleDefinition(name: "self", action: .forward(to: "me"))]) { tier in
            let loopback = IPAddress(v4: 0x7F00_0001)
            let layer = NameLayer(
                source: "static",
                names: ["me": [NamedAddress(address: loopback, port: tier.port)]]
            )
            tier.tier.install(names: NameTableUpdate(table: NameTable(layers: [layer]), changed: nil))
            try await expect(
                tier,
                Self.get,
                status: 502,
                cause: .prohibitedAddress,
                token: "destination_ip_prohibited"
            )
        }
    }

    @Test("A rule can narrow where it leads: 502")
    func allow() async throws {
        let origin = try ScriptedOrigin(ForwardingTests.echoHeads)
        let tens = try #require(CIDR("10.0.0.0/8"))
        try await TestTier.run(to: origin, edit: { $0.endpointNetworks = [tens] }) { tier in
            try await expect(
                tier,
                Self.get,
                status: 502,
                cause: .prohibitedAddress,
                token: "destination_ip_prohibited"
            )
        }
    }

    @Test("A refused connection: 502")
    func refused() async throws {
        let origin = try ScriptedOrigin(ForwardingTests.echoHeads)
        let port = origin.port
        origin.stop()
        let rule = RuleDefinition(name: "one", action: .forward(to: "gone"))
        try await TestTier.run(rules: [rule], names: ["gone": [port]]) { tier in
            try await expect(
                tier,
                Self.get,
                status: 502,
                cause: .connectionRefused,
                token: "connection_refused"
            )
        }
    }

    @Test("An upstream that closes without an answer: 502")
    func closes() async throws {
        let origin = try ScriptedOrigin { connection, _ in _ = try connection.readHead() }
        try await TestTier.run(to: origin) { tier in
            try await expect(
                tier,
                Self.get,
                status: 502,
                cause: .connectionReset,
                token: "connection_terminated"
            )
        }
    }

    @Test("An answer that is no HTTP: 502")
    func garbage() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            try connection.write("SSH-2.0-OpenSSH_9.2\r\n\r\n")
            _ = try connection.readToEnd()
        }
        try await TestTier.run(to: origin) { tier in
            try await expect(
                tier,
                Self.get,
                status: 502,
                cause: .invalidResponse,
                token: "http_protocol_error"
            )
        }
    }

    @Test("A switch of protocols nobody asked for: 502")
    func unaskedUpgrade() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            try connection.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
            )
            _ = try connection.readToEnd()
        }
        try await TestTier.run(to: origin) { tier in
            try await expect(tier, Self.get, status: 502, cause: .upgradeFailed, token: "http_upgrade_failed")
        }
    }

    @Test("An upstream that is silent for too long: 504")
    func silent() async throws {
        let origin = try ScriptedOrigin { connection, _ in _ = try connection.readToEnd() }
        try await TestTier.run(to: origin, configure: { $0.timeouts.upstream = .milliseconds(100) }) { tier in
            try await expect(
                tier,
                Self.get,
                status: 504,
                cause: .upstreamTimeout,
                token: "http_response_timeout"
            )
        }
    }

    @Test("A head that does not end in time: 408")
    func slowHead() async throws {
        let rule = RuleDefinition(name: "one", action: .forward(to: "x"))
        try await TestTier.run(rules: [rule], configure: { $0.timeouts.header = .milliseconds(100) }) {
            tier in
            try await expect(
                tier,
                "GET / HTTP/1.1\r\nHo",
                status: 408,
                cause: .requestTimeout,
                token: "http_request_error"
            )
        }
    }

    @Test("A body that does not come in time: 408")
    func slowBody() async throws {
        let origin = try ScriptedOrigin { connection, _ in _ = try connection.readToEnd() }
        try await TestTier.run(to: origin, configure: { $0.timeouts.downstream = .milliseconds(100) }) {
            tier in
            try await expect(
                tier,
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc",
                status: 408,
                cause: .requestTimeout,
                token: "http_request_error"
            )
        }
    }

    @Test(
        "A request against the standard gets its status, and the connection closes",
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a_\r\nX : 1\r\n\r\n", 400),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405), ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
            ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 40000))\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: 1\r\n", count: 101))\r\n", 431),
            ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ]
    )
    func malformed(request: String, status: Int) async throws {
        let rule = RuleDefinition(name: "one", action: .respond(status: 200))
        try await TestTier.run(rules: [rule]) { tier in
            let client = try tier.connect()
            try client.write(request)
            let answer = try client.readToEnd()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(answer.contains("Connection: close\r\n"))
            #expect(answer.contains("error=http_request_error"))
        }
    }

    @Test("A body over the limit: 413, announced or counted")
    func bodyLimit() async throws {
        let origin = try ScriptedOrigin { connection, _ in _ = try connection.readToEnd() }
        try await TestTier.run(to: origin, configure: { $0.limits.bodyBytes = 5 }) { tier in
            for request in [
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n",
            ] {
                let client = try tier.connect()
                try client.write(request)
                #expect(try client.readHead().hasPrefix("HTTP/1.1 413 "))
            }
        }
    }

    @Test("A request that has passed here before: 508")
    func loops() async throws {
        let rule = RuleDefinition(name: "one", action: .respond(status: 200))
        try await TestTier.run(rules: [rule]) { tier in
            try await expect(
                tier,
                "GET / HTTP/1.1\r\nHost: x\r\nVia: 1.1 other, 1.1 berth-front-test\r\n\r\n",
                status: 508,
                cause: .loopDetected,
                token: "proxy_loop_detected"
            )
        }
    }

    @Test("Who asks for JSON gets the failure as JSON, with the request's id")
    func json() async throws {
        let rule = RuleDefinition(name: "one", host: "only.test", action: .respond(status: 200))
        try await TestTier.run(rules: [rule]) { tier in
            let client = try tier.connect()
            try client.write(
                "GET / HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nX-Request-ID: id-7\r\n\r\n"
            )
            let (head, body) = try client.readAnswer()
            #expect(head.contains("Content-Type: application/json\r\n"))
            #expect(
                body == #"{"status":404,"error":"no_rule","detail":"no rule matches this request","#
                    + #""proxy":"berth","tier":"front","request_id":"id-7"}"# + "\n"
            )
        }
    }

    @Test("After a refusal the connection serves the next request")
    func goesOn() async throws {
        let origin = try ScriptedOrigin(ForwardingTests.echoHeads)
        var rule = RuleDefinition(name: "one", host: "good.test", action: .forward(to: "origin"))
        rule.methods = ["GET"]
        try await TestTier.run(rules: [rule], names: ["origin": [origin.port]]) { tier in
            let client = try tier.connect()
            try client.write("POST / HTTP/1.1\r\nHost: bad.test\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try client.readAnswer().head.hasPrefix("HTTP/1.1 404 "))
            try client.write("GET / HTTP/1.1\r\nHost: good.test\r\n\r\n")
            #expect(try client.readAnswer().head.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("An answer that breaks off is seen to break off")
    func truncated() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(Self.get)
            let answer = try client.readToEnd()
            #expect(answer.hasSuffix("half"))
            let entry = await tier.log.wait(for: 1).first
            #expect(entry?.cause == .responseIncomplete)
        }
    }

    @Test("To HTTP/1.0, whose answers end by close, a broken answer is a reset")
    func truncatedForHTTP10() async throws {
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

    @Test("A client that goes away takes its upstream connection with it")
    func vanishes() async throws {
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
            let entry = await tier.log.wait(for: 1).first
            #expect(entry?.cause == .downstreamClosed)
        }
    }
}
