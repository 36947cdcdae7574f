import ProxyCore
import Routing
import Settings
import Testing

/// Requests and responses through a tier, byte for byte.
@Suite struct ForwardingTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    /// What the origin receives of a request.
    private static func forwarded(
        _ request: String,
        edit: (inout RuleDefinition) -> Void = { _ in },
        configure: (inout TierSettings) -> Void = { _ in }
    ) throws -> String {
        let tier = try EmbeddedTier(edit: edit, configure: configure, origin: EmbeddedTier.echoHeads)
        let client = try tier.connect()
        client.send(request)
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        return body
    }

    @Test func `A request arrives with its fields, and what a proxy adds`() throws {
        let request = try Self.forwarded(
            "GET /a?b=c HTTP/1.1\r\nHost: x.test:81\r\nX-One: 1\r\nx-two:2\r\nX-Request-ID: abc-1\r\n\r\n"
        )
        #expect(
            request == """
                GET /a?b=c HTTP/1.1\r
                Host: x.test:81\r
                X-One: 1\r
                x-two:2\r
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

    @Test func `Fields of one hop end there, also those that Connection names`() throws {
        let request = try Self.forwarded(
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: 5\r\n"
                + "Proxy-Connection: x\r\nTE: trailers\r\nX-Kept: 1\r\n\r\n"
        )
        for gone in ["X-Secret", "Keep-Alive", "Proxy-Connection", "TE:", "Connection"] {
            #expect(!request.contains(gone), "\(gone) was passed on")
        }
        #expect(request.contains("X-Kept: 1\r\n"))
    }

    @Test func `What an untrusted client claims about its origin is not believed`() throws {
        let request = try Self.forwarded(
            "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\n"
                + "X-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\n\r\n"
        )
        #expect(!request.contains("6.6.6.6"))
        #expect(request.contains("X-Forwarded-For: 127.0.0.1\r\n"))
        #expect(request.contains("X-Forwarded-Proto: http\r\n"))
    }

    @Test func `A trusted proxy's fields are kept and appended to`() throws {
        let loopback = try #require(CIDR("127.0.0.0/8"))
        let request = try Self.forwarded(
            "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\n"
                + "X-Forwarded-Proto: https\r\nX-Forwarded-Host: outer\r\nX-Forwarded-Port: 443\r\n\r\n",
            configure: { $0.trustedProxies = [loopback] }
        )
        #expect(request.contains("X-Forwarded-For: 6.6.6.6, 7.7.7.7, 127.0.0.1\r\n"))
        #expect(request.contains("X-Forwarded-Proto: https\r\n"))
        #expect(request.contains("X-Forwarded-Host: outer\r\n"))
        #expect(request.contains("X-Forwarded-Port: 443\r\n"))
        #expect(!request.contains("X-Forwarded-Proto: http\r\n"))
    }

    @Test func `Names that CGI takes for Berth's own fields, or for those of a rule, do not pass`() throws {
        let request = try Self.forwarded(
            "GET / HTTP/1.1\r\nHost: x\r\nX_Forwarded_For: evil\r\nX-Forwarded_Proto: evil\r\nX.Real.IP: evil\r\n"
                + "Content_Length: 999\r\nTransfer_Encoding: evil\r\nX_User_Name: evil\r\nX_SECRET: evil\r\n"
                + "X_Other: kept\r\n\r\n",
            edit: {
                $0.setHeaders = [HeaderSetting(name: "X-User-Name", value: "nobody")]
                $0.removeHeaders = ["x-secret"]
            },
            configure: { $0.trustedProxies = [CIDR("127.0.0.0/8")].compactMap(\.self) }
        )
        #expect(!request.contains("evil") && !request.contains("999"), "\(request)")
        #expect(request.contains("X_Other: kept\r\n"))
        #expect(request.contains("X-User-Name: nobody\r\n"))
        #expect(request.contains("X-Forwarded-For: 127.0.0.1\r\n"))
    }

    @Test func `A rule sets, replaces and removes fields, and the host`() throws {
        let request = try Self.forwarded(
            "GET / HTTP/1.1\r\nHost: x\r\nx-app: evil\r\nCookie: a=b\r\n\r\n",
            edit: {
                $0.setHeaders = [
                    HeaderSetting(name: "X-App", value: "shop"),
                    HeaderSetting(name: "X-Request-ID", value: "r"),
                ]
                $0.removeHeaders = ["cookie", "X-Forwarded-Host"]
                $0.hostHeader = "inner.test"
            }
        )
        #expect(request.contains("X-App: shop\r\n"))
        #expect(request.contains("Host: inner.test\r\n"))
        #expect(request.contains("X-Request-ID: r\r\n"))
        for gone in ["evil", "Cookie", "X-Forwarded-Host"] { #expect(!request.contains(gone)) }
    }

    @Test func `A field that a rule sets to an empty value is not sent, and nor is the client's`() throws {
        let request = try Self.forwarded(
            "GET / HTTP/1.1\r\nHost: x\r\nX-Query: forged\r\n\r\n",
            edit: { $0.setHeaders = [HeaderSetting(name: "X-Query", value: "${query}")] }
        )
        #expect(!request.contains("X-Query"), "\(request)")
    }

    @Test func `An absolute target's authority wins over Host and goes on as Host`() throws {
        let request = try Self.forwarded("GET http://inner.test?q HTTP/1.1\r\nHost: outer\r\n\r\n")
        #expect(request.hasPrefix("GET /?q HTTP/1.1\r\nHost: inner.test\r\n"))
        #expect(!request.contains("outer"))
    }

    @Test func `Pipelined requests get their responses in order`() throws {
        let tier = try EmbeddedTier(origin: { connection in
            while let head = connection.nextHead() {
                let path = head.split(separator: " ")[1]
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\r\n\(path)")
            }
        })
        let client = try tier.connect()
        let count = 300
        client.send((0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
        for number in 0..<count { #expect(try client.takeResponse().body == "/\(number)") }
    }

    @Test func `A chunked body passes with its trailers; extensions do not`() throws {
        let tier = try EmbeddedTier()
        let client = try tier.connect()
        client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n")
        client.send("5;ext=1\r\nhello\r\n")
        client.send("1\r\n!\r\n0\r\nX-Sum: 9\r\nContent-Length: 5\r\n\r\n")
        let upstream = try #require(tier.upstreams.first)
        #expect(try upstream.takeHead().contains("Transfer-Encoding: chunked\r\n"))
        #expect(upstream.takeAll() == "5\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 9\r\n\r\n")
    }

    @Test func `A response that ends by close becomes chunks, and the connection lives on`() throws {
        let tier = try EmbeddedTier()
        let client = try tier.connect()
        for number in 0..<2 {
            client.send(Self.get)
            let upstream = tier.upstreams[number]
            upstream.send("HTTP/1.1 200 OK\r\n\r\nhello ")
            upstream.send("world")
            upstream.close()
            #expect(try client.takeHead().contains("Transfer-Encoding: chunked\r\n"))
            #expect(client.takeAll() == "6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n")
        }
    }

    @Test func `HTTP/1.0 gets bare bytes and a close, whatever the upstream's framing`() throws {
        let tier = try EmbeddedTier()
        let client = try tier.connect()
        client.send("GET / HTTP/1.0\r\nHost: x\r\n\r\n")
        tier.upstreams[0].send(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        )
        let response = try client.takeToEnd()
        #expect(response.hasSuffix("\r\n\r\nhello"))
        #expect(response.contains("Connection: close\r\n"))
        #expect(!response.contains("chunked"))
    }

    @Test func `Responses to HEAD and 304 announce a body and have none`() throws {
        let tier = try EmbeddedTier(origin: { connection in
            while let head = connection.nextHead() {
                let status = head.hasPrefix("HEAD") ? "200 OK" : "304 Not Modified"
                connection.send("HTTP/1.1 \(status)\r\nContent-Length: 12345\r\n\r\n")
            }
        })
        let client = try tier.connect()
        client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
        for status in ["200 OK", "304 Not Modified"] {
            let head = try client.takeHead()
            #expect(head.contains(status) && head.contains("Content-Length: 12345\r\n"))
        }
    }

    @Test func `Expect: 100-continue reaches the upstream, and its interim responses the client`() throws {
        let tier = try EmbeddedTier()
        let client = try tier.connect()
        client.send("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        let upstream = try #require(tier.upstreams.first)
        #expect(try upstream.takeHead().contains("Expect: 100-continue"))
        let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
        upstream.send(interim)
        #expect(client.takeAll() == interim)
        client.send("hello")
        #expect(upstream.takeAll() == "hello")
        upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(try client.takeResponse().body == "ok")
    }

    @Test func `After 101 bytes pass both ways, and each half closes on its own`() throws {
        let tier = try EmbeddedTier()
        let client = try tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nearly ")
        let upstream = try #require(tier.upstreams.first)
        let head = try upstream.takeHead()
        #expect(head.contains("Connection: upgrade\r\n") && head.contains("Upgrade: echo\r\n"))
        upstream.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhi")
        let switched = try client.takeHead()
        #expect(switched.hasPrefix("HTTP/1.1 101 ") && switched.contains("Upgrade: echo\r\n"))
        #expect(client.takeAll() == "hi")
        client.send("late")
        client.finish()
        #expect(upstream.isEnded && !client.isEnded)
        #expect(upstream.takeAll() == "early late")
        upstream.send("received")
        upstream.close()
        #expect(try client.takeToEnd() == "received")
    }

    @Test func `A client that closes its half after a whole request still gets its response`() throws {
        let tier = try EmbeddedTier(origin: EmbeddedTier.echoHeads)
        let client = try tier.connect()
        client.send("GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
        client.finish()
        #expect(try client.takeToEnd().contains("GET /half HTTP/1.1"))
    }

    @Test func `A response before the request's end reaches the client`() throws {
        let tier = try EmbeddedTier()
        let client = try tier.connect()
        client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nfirst bytes")
        let upstream = try #require(tier.upstreams.first)
        _ = upstream.takeAll()
        upstream.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        upstream.close()
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 413 ") && body == "big")
    }

    @Test func `Connections to the upstream are used again`() throws {
        let tier = try EmbeddedTier(origin: EmbeddedTier.echoHeads)
        for _ in 0..<3 {
            let client = try tier.connect()
            client.send(Self.get)
            #expect(try client.takeResponse().head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
        #expect(tier.upstreams.count == 1)
    }
}
