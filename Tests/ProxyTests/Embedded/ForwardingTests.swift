import Routing
import TestSupport
import Testing

@testable import Proxy
@testable import ProxyCore

/// Requests and answers through a real tier, byte for byte.
@Suite("ForwardTarget", .timeLimit(.minutes(1)))
struct ForwardingTests {
    /// Answers each request of a connection with its own head.
    static func echoHeads(_ connection: RawSocket, _ number: Int) throws {
        while true {
            let head = try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(head.utf8.count)\r\n\r\n\(head)")
        }
    }

    @Test("A request arrives with its fields, and what a proxy adds")
    func fields() async throws {
        let origin = try ScriptedOrigin(Self.echoHeads)
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(
                "GET /a?b=c HTTP/1.1\r\nHost: x.test:81\r\nX-One: 1\r\nx-two:2\r\nX-Request-ID: abc-1\r\n\r\n"
            )
            let (head, body) = try client.readAnswer()
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(
                body == """
                    GET /a?b=c HTTP/1.1\r
                    Host: x.test:81\r
                    X-One: 1\r
                    x-two:2\r
                    X-Forwarded-For: 127.0.0.1\r
                    X-Forwarded-Proto: http\r
                    X-Forwarded-Port: \(tier.port)\r
                    X-Forwarded-Host: x.test:81\r
                    X-Request-ID: abc-1\r
                    Via: 1.1 berth-front-test\r
                    \r

                    """
            )
        }
    }

    @Test("Fields of one hop end there, also those that Connection names")
    func hopByHop() async throws {
        let origin = try ScriptedOrigin(Self.echoHeads)
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(
                "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: 5\r\n"
                    + "Proxy-Connection: x\r\nTE: trailers\r\nX-Kept: 1\r\n\r\n"
            )
            let (_, body) = try client.readAnswer()
            for gone in ["X-Secret", "Keep-Alive", "Proxy-Connection", "TE:", "Connection"] {
                #expect(!body.contains(gone), "\(gone) was passed on")
            }
            #expect(body.contains("X-Kept: 1\r\n"))
        }
    }

    @Test("What an untrusted client says of its own way is not believed")
    func untrusted() async throws {
        let origin = try ScriptedOrigin(Self.echoHeads)
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(
                "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n"
                    + "X-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n\r\n"
            )
            let (_, body) = try client.readAnswer()
            #expect(!body.contains("6.6.6.6"))
            #expect(body.contains("X-Forwarded-For: 127.0.0.1\r\n"))
            #expect(body.contains("X-Forwarded-Proto: http\r\n"))
        }
    }

    @Test("A trusted downstream's fields are kept and appended to")
    func trusted() async throws {
        let origin = try ScriptedOrigin(Self.echoHeads)
        let loopback = try #require(CIDR("127.0.0.0/8"))
        try await TestTier.run(to: origin, configure: { $0.trustedProxies = [loopback] }) { tier in
            let client = try tier.connect()
            try client.write(
                "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\n"
                    + "X-Forwarded-Proto: https\r\nX-Forwarded-Host: outer\r\nX-Forwarded-Port: 443\r\n\r\n"
            )
            let (_, body) = try client.readAnswer()
            #expect(body.contains("X-Forwarded-For: 6.6.6.6, 7.7.7.7, 127.0.0.1\r\n"))
            #expect(body.contains("X-Forwarded-Proto: https\r\n"))
            #expect(body.contains("X-Forwarded-Host: outer\r\n"))
            #expect(body.contains("X-Forwarded-Port: 443\r\n"))
            #expect(!body.contains("X-Forwarded-Proto: http\r\n"))
        }
    }

    @Test("Names that CGI takes for what Berth says do not pass, nor for what a rule sets or removes")
    func lookalikes() async throws {
        let origin = try ScriptedOrigin(Self.echoHeads)
        try await TestTier.run(
            to: origin,
            edit: {
                $0.setHeaders = [HeaderSetting(name: "X-User-Name", value: "nobody")]
                $0.removeHeaders = ["x-secret"]
            },
            configure: { $0.trustedProxies = [CIDR("127.0.0.0/8")].compactMap(\.self) }
        ) { tier in
            let client = try tier.connect()
            try client.write(
                "GET / HTTP/1.1\r\nHost: x\r\nX_Forwarded_For: evil\r\nX-Forwarded_Proto: evil\r\nX.Real.IP: evil\r\n"
                    + "Content_Length: 999\r\nTransfer_Encoding: evil\r\nX_User_Name: evil\r\nX_SECRET: evil\r\n"
                    + "X_Other: kept\r\n\r\n"
            )
            let (_, body) = try client.readAnswer()
            #expect(!body.contains("evil") && !body.contains("999"), "\(body)")
            #expect(body.contains("X_Other: kept\r\n"))
            #expect(body.contains("X-User-Name: nobody\r\n"))
            #expect(body.contains("X-Forwarded-For: 127.0.0.1\r\n"))
        }
    }

    @Test("A rule sets, replaces and removes fields, and the host")
    func edits() async throws {
        let origin = try ScriptedOrigin(Self.echoHeads)
        try await TestTier.run(
            to: origin,
            edit: {
                $0.setHeaders = [
                    HeaderSetting(name: "X-App", value: "shop"),
                    HeaderSetting(name: "X-Request-ID", value: "r"),
                ]
                $0.removeHeaders = ["cookie", "X-Forwarded-Host"]
                $0.hostHeader = "inner.test"
            }
        ) { tier in
            let client = try tier.connect()
            try client.write("GET / HTTP/1.1\r\nHost: x\r\nx-app: evil\r\nCookie: a=b\r\n\r\n")
            let (_, body) = try client.readAnswer()
            #expect(body.contains("X-App: shop\r\n"))
            #expect(body.contains("Host: inner.test\r\n"))
            #expect(body.contains("X-Request-ID: r\r\n"))
            for gone in ["evil", "Cookie", "X-Forwarded-Host"] { #expect(!body.contains(gone)) }
        }
    }

    @Test("Pipelined requests are answered in their order")
    func pipelining() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            while true {
                let head = try connection.readHead()
                let path = head.split(separator: " ")[1]
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\r\n\(path)")
            }
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            let count = 300
            try client.write((0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
            for number in 0..<count {
                #expect(try client.readAnswer().body == "/\(number)")
            }
        }
    }

    @Test("An absolute target's authority wins over Host and goes on as Host")
    func absoluteForm() async throws {
        let origin = try ScriptedOrigin(Self.echoHeads)
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("GET http://inner.test?q HTTP/1.1\r\nHost: outer\r\n\r\n")
            let (_, body) = try client.readAnswer()
            #expect(body.hasPrefix("GET /?q HTTP/1.1\r\nHost: inner.test\r\n"))
            #expect(!body.contains("outer"))
        }
    }

    @Test("A chunked body passes with its trailers; extensions do not")
    func chunks() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            let head = try connection.readHead()
            let body = try connection.read(until: "0\r\nX-Sum: 9\r\n\r\n")
            let text = head + body
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)")
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
            )
            try client.write("5;ext=1\r\nhello\r\n")
            try client.write("1\r\n!\r\n0\r\nX-Sum: 9\r\nContent-Length: 5\r\n\r\n")
            let (_, body) = try client.readAnswer()
            #expect(body.contains("Transfer-Encoding: chunked\r\n"))
            #expect(body.hasSuffix("5\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 9\r\n\r\n"))
            #expect(!body.contains("ext=1"))
        }
    }

    @Test("An answer that ends by close becomes chunks, and the connection lives on")
    func untilClose() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            try connection.write("HTTP/1.1 200 OK\r\n\r\nhello ")
            try connection.write("world")
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            for _ in 0..<2 {
                try client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try client.readHead().contains("Transfer-Encoding: chunked\r\n"))
                let body = try client.read(until: "0\r\n\r\n")
                #expect(body.filter { $0.isLetter || $0 == " " }.contains("hello"))
            }
        }
    }

    @Test("HTTP/1.0 gets bare bytes and a close, whatever the upstream's framing")
    func http10() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            try connection.write(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            )
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("GET / HTTP/1.0\r\nHost: x\r\n\r\n")
            let answer = try client.readToEnd()
            #expect(answer.hasSuffix("\r\n\r\nhello"))
            #expect(answer.contains("Connection: close\r\n"))
            #expect(!answer.contains("chunked"))
        }
    }

    @Test("HEAD and 304 speak of a body and have none")
    func bodyless() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            while true {
                let head = try connection.readHead()
                let status = head.hasPrefix("HEAD") ? "200 OK" : "304 Not Modified"
                try connection.write("HTTP/1.1 \(status)\r\nContent-Length: 12345\r\n\r\n")
            }
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let first = try client.readHead()
            let second = try client.readHead()
            #expect(first.contains("200 OK") && first.contains("Content-Length: 12345\r\n"))
            #expect(second.contains("304 Not Modified") && second.contains("Content-Length: 12345\r\n"))
        }
    }

    @Test("100 Continue is asked for upstream and passed on")
    func continues() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            let head = try connection.readHead()
            #expect(head.contains("Expect: 100-continue"))
            try connection.write(
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
            )
            let body = try connection.read(exactly: 5)
            try connection.write(
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + String(decoding: body, as: UTF8.self)
            )
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(
                "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
            )
            #expect(try client.readHead() == "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            #expect(try client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
            try client.write("hello")
            #expect(try client.readAnswer().body == "hello")
        }
    }

    @Test("After 101 bytes pass both ways, and each half closes on its own")
    func upgrade() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            let head = try connection.readHead()
            #expect(head.contains("Connection: upgrade\r\n") && head.contains("Upgrade: echo\r\n"))
            try connection.write(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhi"
            )
            let said = try connection.readToEnd()
            try connection.write("you said \(said)")
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write(
                "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly "
            )
            let head = try client.readHead()
            #expect(head.hasPrefix("HTTP/1.1 101 ") && head.contains("Upgrade: echo\r\n"))
            #expect(try client.read(exactly: 2) == Array("hi".utf8))
            try client.write("late")
            client.closeWriting()
            #expect(try client.readToEnd() == "you said early late")
        }
    }

    @Test("A client that closes its half after a whole request still gets its answer")
    func halfClose() async throws {
        let origin = try ScriptedOrigin(Self.echoHeads)
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
            client.closeWriting()
            #expect(try client.readToEnd().contains("GET /half HTTP/1.1"))
        }
    }

    @Test("An answer before the request's end reaches the client")
    func earlyAnswer() async throws {
        let origin = try ScriptedOrigin { connection, _ in
            _ = try connection.readHead()
            try connection.write(
                "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig"
            )
        }
        try await TestTier.run(to: origin) { tier in
            let client = try tier.connect()
            try client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nfirst bytes")
            let (head, body) = try client.readAnswer()
            #expect(head.hasPrefix("HTTP/1.1 413 ") && body == "big")
        }
    }

    @Test("Connections to the upstream are used again")
    func reuse() async throws {
        let origin = try ScriptedOrigin { connection, number in
            while true {
                _ = try connection.readHead()
                try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
            }
        }
        try await TestTier.run(to: origin) { tier in
            for _ in 0..<3 {
                let client = try tier.connect()
                try client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try client.readAnswer().body == "0")
            }
        }
    }

    @Test("Several endpoints of a name take turns")
    func turns() async throws {
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
                try client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                seen.append(try client.readAnswer().body)
            }
            #expect(seen == ["a", "b", "a", "b", "a", "b"] || seen == ["b", "a", "b", "a", "b", "a"])
        }
    }
}
