import Foundation
import ProxyCore
import Routing
import Testing

/// What a rule changes in responses (`response_headers`, `rewrite_location`).
@Suite struct ResponseEditTests {
    private static func set(_ name: String, _ value: String) -> HeaderSetting {
        HeaderSetting(name: name, value: value)
    }

    /// The head that the client receives.
    private static func response(
        _ response: String,
        request: String = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n",
        edit: (inout RuleDefinition) -> Void
    ) throws -> (head: String, body: String) {
        let tier = try EmbeddedTier(edit: edit)
        let client = try tier.connect()
        client.send(request)
        tier.upstreams[0].send(response)
        return try client.takeResponse()
    }

    private static func lines(_ head: String) -> [String] {
        head.split(separator: "\r\n").map(String.init).filter { !$0.hasPrefix("Date:") }
    }

    @Test func `Fields are set, added and removed`() throws {
        let (head, body) = try Self.response(
            "HTTP/1.1 200 Fine\r\nServer: x\r\nserver: y\r\nX-Frame-Options: ALLOW\r\nVary: Accept\r\n"
                + "Content-Length: 2\r\nX-Stays: 1\r\n\r\nok"
        ) {
            $0.responseHeaders = [
                ResponseHeaderEdit(
                    set: [Self.set("X-Frame-Options", "DENY"), Self.set("X-Empty", "")],
                    add: [Self.set("Vary", "Cookie"), Self.set("Vary", "Origin")],
                    remove: ["Server", "X-Missing"]
                )
            ]
        }
        #expect(
            Self.lines(head) == [
                "HTTP/1.1 200 Fine", "Vary: Accept", "Content-Length: 2", "X-Stays: 1",
                "X-Frame-Options: DENY", "Vary: Cookie", "Vary: Origin",
            ]
        )
        #expect(body == "ok")
    }

    @Test func `Lines that end with LF alone are edited, too`() throws {
        let (head, _) = try Self.response("HTTP/1.1 200 OK\nX-A: 1\nX-B: 2\nContent-Length: 0\n\n") {
            $0.responseHeaders = [ResponseHeaderEdit(remove: ["x-a"])]
        }
        #expect(Self.lines(head) == ["HTTP/1.1 200 OK", "X-B: 2", "Content-Length: 0"])
    }

    @Test func `A later item changes what an earlier one wrote`() throws {
        let (head, _) = try Self.response("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") {
            $0.responseHeaders = [
                ResponseHeaderEdit(set: [Self.set("X-A", "1"), Self.set("X-B", "1")]),
                ResponseHeaderEdit(set: [Self.set("x-a", "2")], remove: ["x-b"]),
            ]
        }
        #expect(Self.lines(head) == ["HTTP/1.1 200 OK", "Content-Length: 0", "x-a: 2"])
    }

    @Test(arguments: [(200, true), (204, true), (304, false), (404, false), (503, true)])
    func `Statuses decide which responses are changed`(status: Int, isChanged: Bool) throws {
        let length = status == 204 || status == 304 ? "" : "Content-Length: 0\r\n"
        let (head, _) = try Self.response("HTTP/1.1 \(status) X\r\n\(length)\r\n") {
            $0.responseHeaders = [
                ResponseHeaderEdit(
                    set: [Self.set("X-A", "1")],
                    statuses: StatusSet([200...299, 503...503])
                )
            ]
        }
        #expect(head.contains("X-A: 1\r\n") == isChanged)
    }

    @Test func `Interim responses stay, final ones without a body are changed`() throws {
        let tier = try EmbeddedTier(edit: {
            $0.responseHeaders = [ResponseHeaderEdit(set: [Self.set("X-A", "1")])]
        })
        let client = try tier.connect()
        client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
        tier.upstreams[0].send("HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n")
        #expect(client.nextHead() == "HTTP/1.1 103 Early\r\nLink: </x>\r\n\r\n")
        tier.upstreams[0].send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        let head = try #require(client.nextHead())
        #expect(head.contains("X-A: 1\r\n") && head.contains("Content-Length: 5\r\n"))
    }

    // MARK: Responses of Berth itself

    @Test func `Responses and redirects of the rule are changed`() throws {
        for action in [RuleAction.redirect(to: "https://x.test/"), .respond(status: 200, body: "hi")] {
            let tier = try EmbeddedTier(edit: {
                $0.action = action
                $0.responseHeaders = [
                    ResponseHeaderEdit(
                        set: [Self.set("X-A", "1"), Self.set("Content-Type", "text/x")],
                        remove: ["Server"]
                    )
                ]
            })
            let client = try tier.connect()
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let (head, _) = try client.takeResponse()
            #expect(head.contains("X-A: 1\r\n") && !head.contains("Server:"))
            #expect(head.components(separatedBy: "Content-Type: ").count == 2, "\(head)")
        }
    }

    @Test(arguments: [false, true])
    func `Errors are changed only where the rule wants it`(errors: Bool) throws {
        let tier = try EmbeddedTier(edit: {
            $0.responseHeaders = [ResponseHeaderEdit(set: [Self.set("X-A", "1")], changesErrors: errors)]
        })
        tier.connectFailure = .connectionRefused
        let client = try tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let (head, _) = try client.takeResponse()
        #expect(head.hasPrefix("HTTP/1.1 502 "))
        #expect(head.contains("X-A: 1\r\n") == errors)
        #expect(head.contains("Proxy-Status: ") && head.contains("Server: berth\r\n"))
    }

    // MARK: URLs

    @Test(arguments: [
        ("Location: http://app.test:80/x", "Location: /x"), ("location: http://10.1.0.1/x", "Location: /x"),
        ("Location: https://elsewhere.test/x", "Location: https://elsewhere.test/x"),
        ("Refresh: 5; url=http://origin/x", "Refresh: 5; url=/x"),
        ("refresh: 0;URL='http://origin/x'", "Refresh: 0;URL='/x'"), ("Refresh: 5", "Refresh: 5"),
        ("Content-Location: http://origin/x", "Content-Location: http://origin/x"),
    ])
    func `The endpoint's own address is removed from Location and Refresh`(line: String, sent: String) throws
    {
        let (head, _) = try Self.response("HTTP/1.1 302 Found\r\n\(line)\r\nContent-Length: 0\r\n\r\n") {
            $0.rewriteLocation = [.ownAddress]
        }
        #expect(Self.lines(head).contains(sent), "\(head)")
        #expect(Self.lines(head).count == 3, "\(head)")
    }

    @Test func `Without the key every URL stays`() throws {
        let (head, _) = try Self.response(
            "HTTP/1.1 302 Found\r\nLocation: http://app.test:80/x\r\nContent-Length: 0\r\n\r\n"
        ) { _ in }
        #expect(head.contains("Location: http://app.test:80/x\r\n"))
    }

    @Test func `Of several fields each keeps or changes its own URL`() throws {
        let (head, _) = try Self.response(
            "HTTP/1.1 302 Found\r\nLocation: http://origin/a\r\nLocation: http://other/b\r\nContent-Length: 0\r\n\r\n"
        ) { $0.rewriteLocation = [.ownAddress] }
        #expect(head.contains("Location: /a\r\nLocation: http://other/b\r\n"), "\(head)")
    }

    @Test func `A remembered decision changes each response by its own status and URL`() throws {
        let tier = try EmbeddedTier(
            edit: {
                $0.rewriteLocation = [.ownAddress]
                $0.responseHeaders = [
                    ResponseHeaderEdit(set: [Self.set("X-A", "1")], statuses: StatusSet([200...299]))
                ]
            },
            origin: { peer in
                while let head = peer.nextHead() {
                    let target = head.split(separator: " ")[1]
                    let status = target == "/r" ? "302 Found\r\nLocation: http://origin/x" : "200 OK"
                    peer.send("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n")
                }
            }
        )
        let client = try tier.connect()
        for (target, has) in [
            ("/", "X-A: 1"), ("/r", "Location: /x"), ("/", "X-A: 1"), ("/r", "Location: /x"),
        ] {
            client.send("GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
            let (head, _) = try client.takeResponse()
            #expect(
                head.contains("\(has)\r\n") && !(head.contains("X-A") && head.contains("Location")),
                "\(head)"
            )
        }
    }
}
