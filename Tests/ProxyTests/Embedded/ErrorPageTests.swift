import Foundation
import NIOCore
import ProxyCore
import Routing
import Testing

/// Pages in place of Berth's own errors, and of responses of endpoints (`error_pages`).
@Suite struct ErrorPageTests {
    private static let get = "GET /x HTTP/1.1\r\nHost: app.test\r\n\r\n"

    private static func file(_ text: String, _ type: String = "text/html") -> ErrorPage.Content {
        .file(ErrorPageFile(path: "\(text).html", contentType: type, body: Array(text.utf8)))
    }

    private static func page(
        _ statuses: ClosedRange<Int>,
        _ content: ErrorPage.Content,
        status: Int? = nil,
        intercept: Bool = false
    ) -> ErrorPage {
        ErrorPage(.statuses(statuses), content, status: status, replacesResponses: intercept)
    }

    private static func tier(
        _ pages: [ErrorPage],
        configure: (inout TierSettings) -> Void = { _ in },
        edit: (inout RuleDefinition) -> Void = { _ in }
    ) throws -> EmbeddedTier {
        try EmbeddedTier(
            edit: {
                $0.errorPages = pages
                edit(&$0)
            },
            configure: configure
        )
    }

    /// A response of the endpoint that is not HTTP, so that Berth responds with 502.
    private static func fail(_ tier: EmbeddedTier) {
        tier.upstreams[0].send("this is no HTTP\r\n\r\n")
    }

    // MARK: Files

    @Test func `An error shows the page, and still says what failed`() throws {
        let tier = try Self.tier([Self.page(502...502, Self.file("sorry"))])
        let client = try tier.connect()
        client.send(Self.get)
        Self.fail(tier)
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 502 Bad Gateway\r\n"))
        #expect(head.contains("Content-Type: text/html\r\n") && head.contains("Proxy-Status: "))
        #expect(body == "sorry")
        #expect(tier.log.entries.last?.cause == .invalidResponse)
        #expect(tier.log.entries.last?.status == 502)
        // The connection lives on.
        client.send(Self.get)
        tier.upstreams[1].send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(try client.takeResponse().body == "ok")
    }

    @Test func `A cause comes before a status, a status before a class, the rule before the tier`() throws {
        let pages = [
            Self.page(500...599, Self.file("5xx")), Self.page(502...502, Self.file("502")),
            ErrorPage(.cause("invalid_response"), Self.file("cause")),
        ]
        let tiers = [Self.page(400...599, Self.file("tier"))]
        for (count, expected) in [(3, "cause"), (2, "502"), (1, "5xx"), (0, "tier")] {
            let tier = try Self.tier(
                Array(pages.prefix(count)),
                configure: { $0.errorPages = tiers.compactMap { try? FrozenErrorPage.ofTier($0) } }
            )
            let client = try tier.connect()
            client.send(Self.get)
            Self.fail(tier)
            #expect(try client.takeResponse().body == expected)
        }
    }

    @Test func `The tier's page is for requests without a rule, and for malformed ones`() throws {
        let page = try FrozenErrorPage.ofTier(Self.page(400...499, Self.file("tier")))
        let tier = try EmbeddedTier(
            edit: { $0.host = "other.test" },
            configure: { $0.errorPages = [page] }
        )
        let client = try tier.connect()
        client.send(Self.get)
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 404 ") && body == "tier")
        client.send("GET / HTTP/1.1\r\nBad Field: x\r\n\r\n")
        let (bad, text) = try client.takeResponse()
        #expect(bad.hasPrefix("HTTP/1.1 400 ") && text == "tier")
        #expect(client.isEnded)
    }

    @Test func `A page may have another status`() throws {
        let tier = try Self.tier([Self.page(502...502, Self.file("sorry"), status: 200)])
        let client = try tier.connect()
        client.send(Self.get)
        Self.fail(tier)
        #expect(try client.takeResponse().head.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(tier.log.entries.last?.status == 200)
    }

    @Test func `HEAD gets the page's fields and no page`() throws {
        let tier = try Self.tier([Self.page(502...502, Self.file("sorry"))])
        let client = try tier.connect()
        client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        Self.fail(tier)
        #expect(try client.takeHead().contains("Content-Length: 5\r\n"))
        #expect(client.takeAll().isEmpty)
    }

    @Test func `A response that has begun only breaks off`() throws {
        let tier = try Self.tier([Self.page(500...599, Self.file("sorry"))])
        let client = try tier.connect()
        client.send(Self.get)
        tier.upstreams[0].send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart")
        tier.upstreams[0].close()
        #expect(try client.takeToEnd().hasSuffix("part"))
    }

    // MARK: Responses of endpoints

    @Test func `A response of the endpoint is replaced only where the rule wants it`() throws {
        for intercept in [false, true] {
            let tier = try Self.tier([Self.page(404...404, Self.file("lost"), intercept: intercept)])
            let client = try tier.connect()
            client.send(Self.get)
            tier.upstreams[0].send("HTTP/1.1 404 Gone\r\nX-Inner: 1\r\nContent-Length: 5\r\n\r\ninner")
            let (head, body) = try client.takeResponse()
            #expect(head.hasPrefix("HTTP/1.1 404 "))
            #expect(body == (intercept ? "lost" : "inner"))
            #expect(head.contains("X-Inner") != intercept)
            #expect(tier.log.entries.last?.status == 404 && tier.log.entries.last?.cause == nil)
        }
    }

    @Test func `The body of a replaced response is not awaited`() throws {
        let tier = try Self.tier([Self.page(500...500, Self.file("sorry"), intercept: true)])
        let client = try tier.connect()
        client.send(Self.get)
        tier.upstreams[0].send("HTTP/1.1 500 X\r\nContent-Length: 1000000\r\n\r\npart")
        #expect(try client.takeResponse().body == "sorry")
        #expect(tier.upstreams[0].isEnded)
        client.send(Self.get)
        tier.upstreams[1].send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(try client.takeResponse().body == "ok")
    }

    @Test(arguments: [
        (401, "WWW-Authenticate: Basic realm=x"), (405, "Allow: GET"), (503, "Retry-After: 5"),
    ])
    func `Fields that a status demands stay`(status: Int, line: String) throws {
        let tier = try Self.tier([Self.page(400...599, Self.file("sorry"), intercept: true)])
        let client = try tier.connect()
        client.send(Self.get)
        tier.upstreams[0].send("HTTP/1.1 \(status) X\r\n\(line)\r\nContent-Length: 0\r\n\r\n")
        let (head, body) = try client.takeResponse()
        #expect(head.contains("\(line)\r\n") && body == "sorry")
    }

    @Test func `The rule's own changes apply to the page, and those for errors to pages of errors`() throws {
        func head(intercept: Bool, errors: Bool) throws -> String {
            let tier = try Self.tier(
                [Self.page(400...599, Self.file("sorry"), intercept: intercept)],
                edit: {
                    $0.responseHeaders = [
                        ResponseHeaderEdit(
                            set: [HeaderSetting(name: "X-A", value: "1")],
                            changesErrors: errors
                        )
                    ]
                }
            )
            let client = try tier.connect()
            client.send(Self.get)
            if intercept {
                tier.upstreams[0].send("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
            } else {
                Self.fail(tier)
            }
            return try client.takeResponse().head
        }
        #expect(try head(intercept: true, errors: false).contains("X-A: 1\r\n"))
        #expect(try !head(intercept: false, errors: false).contains("X-A: 1\r\n"))
        #expect(try head(intercept: false, errors: true).contains("X-A: 1\r\n"))
    }

    // MARK: Targets

    private static let fetched = ErrorPage.Content.target("origin/pages/502")

    /// A client whose request has failed, and the connection over which the page is fetched.
    private static func fetching(
        _ pages: [ErrorPage] = [page(502...502, fetched)],
        request: String = get,
        configure: (inout TierSettings) -> Void = { _ in }
    ) throws -> (tier: EmbeddedTier, client: EmbeddedPeer, target: EmbeddedPeer) {
        let tier = try tier(pages, configure: configure)
        let client = try tier.connect()
        client.send(request)
        fail(tier)
        return (tier, client, try #require(tier.upstreams.dropFirst().first))
    }

    @Test func `A page is fetched from a target`() throws {
        let (tier, client, target) = try Self.fetching(
            request:
                "POST /secret?x=1 HTTP/1.1\r\nHost: app.test\r\nCookie: a=b\r\nAuthorization: Basic x\r\n"
                + "Accept: text/html\r\nAccept-Language: de\r\nIf-None-Match: *\r\nRange: bytes=0-1\r\n"
                + "X-Request-ID: id-1\r\nX-Other: 1\r\nContent-Length: 2\r\n\r\nhi"
        )
        let request = try target.takeHead()
        #expect(request.hasPrefix("GET /pages/502 HTTP/1.1\r\nHost: origin\r\n"), "\(request)")
        for line in [
            "Accept: text/html", "Accept-Language: de", "X-Request-ID: id-1", "X-Forwarded-Host: app.test",
        ] {
            #expect(request.contains("\(line)\r\n"), "\(request)")
        }
        for name in ["Cookie", "Authorization", "If-None-Match", "Range", "X-Other", "Content-Length"] {
            #expect(!request.contains("\(name):"), "\(request)")
        }
        target.send(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: evil=1\r\nX-Inner: 1\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n3\r\nsor\r\n2\r\nry\r\n0\r\n\r\n"
        )
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 502 ") && body == "sorry")
        #expect(head.contains("Content-Type: text/html\r\n") && head.contains("Proxy-Status: "))
        #expect(!head.contains("Set-Cookie") && !head.contains("X-Inner"))
        // One request, one record.
        #expect(tier.log.entries.count == 1 && tier.log.entries[0].cause == .invalidResponse)
        // Both connections live on.
        client.send(Self.get)
        #expect(try target.takeHead().hasPrefix("GET /x "))
        target.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(try client.takeResponse().body == "ok")
    }

    @Test(arguments: [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "garbage\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 400000\r\n\r\n" + String(repeating: "x", count: 300_000),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ])
    func `Where the target fails, Berth's own response is sent, once`(response: String) throws {
        let (tier, client, target) = try Self.fetching()
        target.send(response)
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 502 ") && body.contains("Berth, front tier"))
        #expect(tier.upstreams.count == 2)
        #expect(tier.log.entries.count == 1 && tier.log.entries[0].cause == .invalidResponse)
    }

    @Test func `A target that hangs up or stays silent ends in Berth's own response`() throws {
        let (_, client, target) = try Self.fetching()
        target.close()
        #expect(try client.takeResponse().body.contains("Berth, front tier"))

        let (tier, waiting, _) = try Self.fetching()
        tier.pass(.seconds(4))
        #expect(waiting.takeAll().isEmpty)
        tier.pass(.seconds(2))
        #expect(try waiting.takeResponse().body.contains("Berth, front tier"))
    }

    @Test func `An error page has no error page`() throws {
        let tier = try Self.tier([Self.page(400...599, Self.fetched, intercept: true)])
        let client = try tier.connect()
        client.send(Self.get)
        tier.upstreams[0].send("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
        tier.upstreams[1].send("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
        let (head, body) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 404 ") && body == "404 Not Found\n")
        #expect(tier.upstreams.count == 2)
    }

    @Test func `A target without endpoints is the plain response`() throws {
        let tier = try Self.tier([Self.page(502...502, .target("nowhere/x"))])
        let client = try tier.connect()
        client.send(Self.get)
        Self.fail(tier)
        #expect(try client.takeResponse().body.contains("Berth, front tier"))
    }

    @Test func `A client that leaves ends the fetch`() throws {
        let (tier, client, target) = try Self.fetching()
        client.reset()
        tier.pass(.seconds(1))
        #expect(target.isEnded)
        #expect(tier.log.entries.count == 1)
    }

    @Test func `What a client sends meanwhile waits for its turn`() throws {
        let (tier, client, target) = try Self.fetching(
            request: "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nhi"
        )
        client.send("ho" + Self.get)
        target.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsorry")
        #expect(try client.takeResponse().body == "sorry")
        tier.upstreams[1].send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(try client.takeResponse().body == "ok")
    }

    @Test func `Captures choose the target, and hostile ones the plain response`() throws {
        func path(_ target: String) throws -> String? {
            let tier = try Self.tier(
                [Self.page(502...502, .target("origin/$p"))],
                edit: { $0.path = "~(?s)^/(?<p>.*)$" }
            )
            let client = try tier.connect()
            client.send("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
            Self.fail(tier)
            return try tier.upstreams.dropFirst().first?.takeHead().components(separatedBy: " ")[1]
        }
        #expect(try path("/a") == "/a")
        #expect(try path("/a%20b") == "/a%20b")
        #expect(try path("/%0d%0ab") == "/%0D%0Ab")
    }

    @Test func `The words of failures are those that rules may name`() {
        #expect(Set(FailureCause.names) == Set(Failure.Reason.allCases.map(\.rawValue)))
    }
}
