import NIOCore
import ProxyCore
import Routing
import Settings
import Testing

/// What a client receives when something fails, and that the log names the same failure.
@Suite struct FailureTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    /// Sends the request and expects one response of Berth's own.
    ///
    /// - Parameter events: what happens after the request has arrived.
    private func expect(
        _ tier: EmbeddedTier,
        _ cause: Failure.Reason,
        _ token: String,
        request: String = Self.get,
        after events: (EmbeddedTier) throws -> Void = { _ in }
    ) throws {
        let client = try tier.connect()
        client.send(request)
        try events(tier)
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 \(cause.status) "), "\(head)")
        #expect(head.contains("Proxy-Status: berth-front; error=\(token); details="), "\(head)")
        #expect(body.contains("Berth, front tier"))
        #expect(!body.contains("10.1.0.1"))
        let entry = tier.log.entries.last
        #expect(entry?.status == cause.status)
        #expect(entry?.cause == cause)
    }

    private static func rule(host: String? = nil, to target: String) -> RuleDefinition {
        RuleDefinition(name: "one", host: host, action: .forward(to: target))
    }

    private static let respond = RuleDefinition(name: "one", action: .respond(status: 200))

    @Test func `No rule: 404`() throws {
        let tier = try EmbeddedTier(rules: [Self.rule(host: "only.test", to: "x")])
        try expect(tier, .noRule, "destination_not_found")
    }

    @Test func `A target that no name source knows: 503`() throws {
        try expect(
            try EmbeddedTier(rules: [Self.rule(to: "nobody")]),
            .unknownTarget,
            "destination_unavailable"
        )
    }

    @Test func `An address that Berth does not connect to: 502`() throws {
        let tier = try EmbeddedTier(rules: [Self.rule(to: "169.254.169.254")])
        try expect(tier, .prohibitedAddress, "destination_ip_prohibited")
    }

    @Test func `A rule can narrow where it leads: 502`() throws {
        let network = try #require(CIDR("10.2.0.0/16"))
        let tier = try EmbeddedTier(edit: { $0.endpointNetworks = [network] })
        try expect(tier, .prohibitedAddress, "destination_ip_prohibited")
        #expect(tier.upstreams.isEmpty)
    }

    @Test func `A refused connection: 502`() throws {
        let tier = try EmbeddedTier()
        tier.connectFailure = .connectionRefused
        try expect(tier, .connectionRefused, "connection_refused")
    }

    @Test func `An upstream that closes without a response: 502`() throws {
        try expect(try EmbeddedTier(origin: { $0.close() }), .connectionReset, "connection_terminated")
    }

    @Test func `A response that is not HTTP: 502`() throws {
        try expect(try EmbeddedTier(), .invalidResponse, "http_protocol_error") { tier in
            tier.upstreams[0].send("SSH-2.0-OpenSSH_9.2\r\n\r\n")
        }
    }

    @Test func `A switch of protocols that was not requested: 502`() throws {
        try expect(try EmbeddedTier(), .upgradeFailed, "http_upgrade_failed") { tier in
            tier.upstreams[0].send(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
            )
        }
    }

    @Test func `An upstream that is silent for too long: 504`() throws {
        let tier = try EmbeddedTier(configure: { $0.timeouts.upstream = .seconds(3) })
        try expect(tier, .upstreamTimeout, "http_response_timeout") { tier in
            tier.pass(.seconds(2))
            #expect(tier.log.entries.isEmpty)
            tier.pass(.seconds(2))
        }
    }

    @Test func `A rule's own timeouts count, not the tier's`() throws {
        let tier = try EmbeddedTier(edit: {
            $0.timeouts = RuleTimeouts(upstream: .seconds(1), downstream: .seconds(2))
        })
        try expect(tier, .upstreamTimeout, "http_response_timeout") { $0.pass(.seconds(2)) }
        let request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"
        try expect(tier, .requestTimeout, "http_request_error", request: request) { $0.pass(.seconds(3)) }
    }

    @Test func `A head that does not end in time: 408`() throws {
        let tier = try EmbeddedTier(rules: [Self.respond], configure: { $0.timeouts.header = .seconds(3) })
        try expect(tier, .requestTimeout, "http_request_error", request: "GET / HTTP/1.1\r\nHo") {
            $0.pass(.seconds(4))
        }
    }

    @Test func `A body that does not come in time: 408`() throws {
        let tier = try EmbeddedTier(configure: { $0.timeouts.downstream = .seconds(3) })
        let request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"
        try expect(tier, .requestTimeout, "http_request_error", request: request) { $0.pass(.seconds(4)) }
    }

    @Test(arguments: [
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
    ])
    func `A request against the standard gets its status, and the connection closes`(
        request: String,
        status: Int
    ) throws {
        let client = try EmbeddedTier(rules: [Self.respond]).connect()
        client.send(request)
        let response = try client.takeToEnd()
        #expect(response.hasPrefix("HTTP/1.1 \(status) "), "\(response)")
        #expect(response.contains("Connection: close\r\n"))
        #expect(response.contains("error=http_request_error"))
    }

    @Test(arguments: [
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n",
    ])
    func `A body over the limit, announced or counted: 413`(request: String) throws {
        let client = try EmbeddedTier(configure: { $0.limits.bodyBytes = 5 }).connect()
        client.send(request)
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 413 "))
    }

    @Test func `A request that has passed here before: 508`() throws {
        try expect(
            try EmbeddedTier(rules: [Self.respond]),
            .loopDetected,
            "proxy_loop_detected",
            request: "GET / HTTP/1.1\r\nHost: x\r\nVia: 1.1 other, 1.1 berth-front-test\r\n\r\n"
        )
    }

    @Test func `A client that accepts JSON gets the failure as JSON, with the request's id`() throws {
        let rule = RuleDefinition(name: "one", host: "only.test", action: .respond(status: 200))
        let client = try EmbeddedTier(rules: [rule]).connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nX-Request-ID: id-7\r\n\r\n")
        let (head, body) = try client.takeResponse()
        #expect(head.contains("Content-Type: application/json\r\n"))
        #expect(
            body == #"{"status":404,"error":"no_rule","detail":"no rule matches this request","#
                + #""proxy":"berth","tier":"front","request_id":"id-7"}"# + "\n"
        )
    }

    @Test func `After a refusal the connection serves the next request`() throws {
        var rule = Self.rule(host: "good.test", to: "origin")
        rule.methods = ["GET"]
        let client = try EmbeddedTier(rules: [rule], origin: EmbeddedTier.echoHeads).connect()
        client.send("POST / HTTP/1.1\r\nHost: bad.test\r\nContent-Length: 5\r\n\r\nhello")
        #expect(try client.takeResponse().head.hasPrefix("HTTP/1.1 404 "))
        client.send("GET / HTTP/1.1\r\nHost: good.test\r\n\r\n")
        #expect(try client.takeResponse().head.hasPrefix("HTTP/1.1 200 "))
    }

    @Test func `A response that breaks off is seen to break off`() throws {
        let tier = try EmbeddedTier()
        let client = try tier.connect()
        client.send(Self.get)
        tier.upstreams[0].send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        tier.upstreams[0].close()
        #expect(try client.takeToEnd().hasSuffix("half"))
        #expect(tier.log.entries.first?.cause == .responseIncomplete)
    }

    @Test func `A client that goes away takes its upstream connection with it`() throws {
        let tier = try EmbeddedTier()
        let client = try tier.connect()
        client.send(Self.get)
        tier.upstreams[0].send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nbytes")
        client.reset()
        #expect(tier.upstreams[0].isEnded)
        #expect(tier.log.entries.first?.cause == .downstreamClosed)
    }
}
