import Foundation
import ProxyCore
import Routing
import Testing

/// What a container learns about the URL that the client requested, and what requests say about their way.
@Suite struct ForwardedFieldTests {
    /// The lines of these names that the origin receives.
    private static func lines(
        _ request: String,
        trusted: Bool = false,
        _ names: [String] = ["X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Host"],
        edit: (inout RuleDefinition) -> Void = { _ in }
    ) throws -> [String] {
        let tier = try EmbeddedTier(
            edit: edit,
            configure: { $0.trustedProxies = trusted ? [CIDR("127.0.0.1/32")].compactMap(\.self) : [] },
            origin: EmbeddedTier.echoHeads
        )
        let client = try tier.connect()
        client.send(request)
        let body = try client.takeResponse().body
        return body.components(separatedBy: "\r\n").filter { line in
            names.contains { line.hasPrefix($0 + ":") }
        }
    }

    @Test(arguments: [
        ("shop.test", "80"), ("shop.test:8443", "8443"), ("shop.test:", "80"), ("shop.test:0", "80"),
        ("[2001:db8::80]", "80"), ("[2001:db8::1]:81", "81"), ("192.0.2.1:65535", "65535"),
    ])
    func `The port is that of Host, else the scheme's`(host: String, port: String) throws {
        let lines = try Self.lines("GET / HTTP/1.1\r\nHost: \(host)\r\nX-Forwarded-Port: 1\r\n\r\n")
        #expect(
            lines == ["X-Forwarded-Proto: http", "X-Forwarded-Port: \(port)", "X-Forwarded-Host: \(host)"]
        )
    }

    @Test func `A trusted proxy that states the scheme or the host gets no port added`() throws {
        #expect(
            try Self.lines("GET / HTTP/1.1\r\nHost: a:80\r\nX-Forwarded-Proto: https\r\n\r\n", trusted: true)
                == ["X-Forwarded-Proto: https", "X-Forwarded-Host: a:80"]
        )
        #expect(
            try Self.lines("GET / HTTP/1.1\r\nHost: a:81\r\nX-Forwarded-Host: b\r\n\r\n", trusted: true)
                == ["X-Forwarded-Host: b", "X-Forwarded-Proto: http"]
        )
        #expect(
            try Self.lines(
                "GET / HTTP/1.1\r\nHost: a:81\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n",
                trusted: true
            )
                == ["X-Forwarded-Proto: http", "X-Forwarded-Port: 81", "X-Forwarded-Host: a:81"]
        )
        #expect(
            try Self.lines(
                "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 444\r\n\r\n",
                trusted: true
            ) == ["X-Forwarded-Proto: https", "X-Forwarded-Port: 444", "X-Forwarded-Host: a"]
        )
    }

    @Test func `A rule that states the scheme gets no port added`() throws {
        let lines = try Self.lines("GET / HTTP/1.1\r\nHost: a:81\r\n\r\n") {
            $0.setHeaders = [HeaderSetting(name: "X-Forwarded-Proto", value: "https")]
        }
        #expect(lines.sorted() == ["X-Forwarded-Host: a:81", "X-Forwarded-Proto: https"])
    }

    @Test func `Forwarded of a trusted proxy passes with one more element, that of others is removed`() throws
    {
        let request = "GET / HTTP/1.1\r\nHost: a\r\nForwarded: for=192.0.2.7;proto=https\r\n\r\n"
        #expect(try Self.lines(request, ["Forwarded"]) == [])
        #expect(
            try Self.lines(request, trusted: true, ["Forwarded"]) == [
                "Forwarded: for=192.0.2.7;proto=https", "Forwarded: for=127.0.0.1",
            ]
        )
        #expect(try Self.lines("GET / HTTP/1.1\r\nHost: a\r\n\r\n", trusted: true, ["Forwarded"]) == [])
        let removed = try Self.lines(request, trusted: true, ["Forwarded"]) {
            $0.removeHeaders = ["Forwarded"]
        }
        #expect(removed == [])
    }

    @Test(arguments: [
        ("Forwarded: for=192.0.2.7;proto=https\r\n", "192.0.2.7, 127.0.0.1"),
        ("Forwarded: for=\"[2001:db8::7]:80\", for=_x;proto=https\r\n", "2001:db8::7, unknown, 127.0.0.1"),
        ("Forwarded: x y;proto=https\r\n", "unknown, 127.0.0.1"),
        ("X-Forwarded-For:\r\n", "unknown, 127.0.0.1"), ("X-Forwarded-For: a,\r\n", "a,, 127.0.0.1"),
        ("", "127.0.0.1"),
    ])
    func `The next tier does not take a trusted proxy for the client`(
        field: String,
        addresses: String
    ) throws {
        let lines = try Self.lines(
            "GET / HTTP/1.1\r\nHost: a:81\r\n\(field)\r\n",
            trusted: true,
            ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port"]
        )
        #expect(lines.first == "X-Forwarded-For: \(addresses)")
        // A scheme that `Forwarded` states has the port that belongs to it.
        let isStated = field.contains("for=") && field.contains("proto=https")
        #expect(lines.contains("X-Forwarded-Proto: \(isStated ? "https" : "http")"))
        #expect(lines.contains("X-Forwarded-Port: 81") == !field.hasPrefix("Forwarded"))
    }

    /// The client of the second tier is the client of the first.
    @Test(arguments: ["203.0.113.7:5555", "unknown", "[::1", "203.0.113.7,"])
    func `No client has the rights of the proxy that forwarded its request`(value: String) throws {
        var inner = RuleDefinition(name: "inner", action: .forward(to: "origin"))
        inner.clients = [CIDR("127.0.0.0/8")].compactMap(\.self)
        let outer = RuleDefinition(name: "outer", action: .respond(status: 403))
        let tier = try EmbeddedTier(
            rules: [inner, outer],
            configure: { $0.trustedProxies = [CIDR("127.0.0.0/8")].compactMap(\.self) },
            origin: EmbeddedTier.echoHeads
        )
        let client = try tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: \(value)\r\n\r\n")
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 403 "))
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(try client.takeHead().hasPrefix("HTTP/1.1 200 "))
    }

    @Test(arguments: [
        ("Max-Forwards: 7\r\n", ["Max-Forwards: 6"]), ("Max-Forwards: 007\r\n", ["Max-Forwards: 6"]),
        ("Max-Forwards: 9\r\nMax-Forwards: 3\r\n", ["Max-Forwards: 2"]),
        ("Max-Forwards: 99999999999999999999999\r\n", ["Max-Forwards: 999999"]),
        ("Max-Forwards: x\r\n", ["Max-Forwards: x"]), ("", []),
    ])
    func `OPTIONS passes as many proxies as it says`(field: String, lines: [String]) throws {
        for target in ["/", "*"] {
            #expect(
                try Self.lines("OPTIONS \(target) HTTP/1.1\r\nHost: x\r\n\(field)\r\n", ["Max-Forwards"])
                    == lines
            )
        }
    }

    @Test func `The last proxy responds to OPTIONS itself, and no other method is counted`() throws {
        let tier = try EmbeddedTier(origin: EmbeddedTier.echoHeads)
        let client = try tier.connect()
        client.send("OPTIONS * HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n")
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.contains("\r\nAllow: GET, "), "\(head)")
        #expect(body.isEmpty && tier.upstreams.isEmpty)
        #expect(
            try Self.lines("GET / HTTP/1.1\r\nHost: x\r\nMax-Forwards: 0\r\n\r\n", ["Max-Forwards"])
                == ["Max-Forwards: 0"]
        )
    }

    @Test(arguments: [
        "Expect: 100-continue\r\nExpect: 100-continue\r\n", "Expect: 100-continue, 100-Continue\r\n",
        "Expect: , 100-continue\r\nExpect:\r\n", "Expect: 100-continue\r\n",
    ])
    func `Several expectations are one`(fields: String) throws {
        let tier = try EmbeddedTier()
        let client = try tier.connect()
        client.send("POST / HTTP/1.1\r\nHost: x\r\n\(fields)Content-Length: 1\r\n\r\nx")
        let upstream = try #require(tier.upstreams.first)
        let head = try upstream.takeHead()
        #expect(
            head.components(separatedBy: "\r\n").filter { $0.hasPrefix("Expect") } == ["Expect: 100-continue"]
        )
    }
}
