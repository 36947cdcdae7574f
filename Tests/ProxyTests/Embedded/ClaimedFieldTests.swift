import Foundation
import NIOCore
import ProxyCore
import Routing
import Testing

/// What clients and containers write that other programs would believe a proxy.
@Suite struct ClaimedFieldTests {
    private static let claims = [
        "X-Forwarded-Ssl", "X-Forwarded-Scheme", "X-Forwarded-Prefix", "X-Forwarded-Server",
        "X-Forwarded-Client-Cert", "x_forwarded_prefix", "True-Client-IP", "TRUE_CLIENT_IP", "X-Original-URL",
        "X-Original-Host", "X-Rewrite-URL", "X.Rewrite.URL", "X-Client-IP", "Client-IP",
        "X-Cluster-Client-IP",
        "CF-Connecting-IP", "Fastly-Client-IP", "Front-End-Https", "X-URL-Scheme", "X-HTTP-Host-Override",
        "X-Sendfile-Type", "X-Accel-Mapping",
    ]

    private static func forwarded(
        _ fields: [String],
        edit: (inout RuleDefinition) -> Void = { _ in },
        configure: (inout TierSettings) -> Void = { _ in }
    ) throws -> String {
        let tier = try EmbeddedTier(edit: edit, configure: configure, origin: EmbeddedTier.echoHeads)
        let client = try tier.connect()
        let lines = fields.map { "\($0): evil\r\n" }.joined()
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\(lines)X-Forwarding: kept\r\nX-Original: kept\r\n\r\n")
        let body = try client.takeResponse().body
        #expect(body.contains("X-Forwarding: kept\r\nX-Original: kept\r\n"))
        return body
    }

    private static func trust(_ settings: inout TierSettings) {
        settings.trustedProxies = [CIDR("127.0.0.0/8")].compactMap(\.self)
    }

    @Test func `Claims of clients do not pass`() throws {
        let request = try Self.forwarded(Self.claims)
        #expect(!request.contains("evil"), "\(request)")
    }

    @Test func `Claims of a trusted proxy pass, but not in the names that CGI takes for them`() throws {
        let request = try Self.forwarded(Self.claims, configure: Self.trust)
        for name in Self.claims {
            let isPlain = !name.contains("_") && !name.contains(".")
            #expect(request.contains("\(name): evil\r\n") == isPlain, "\(name)")
        }
    }

    @Test func `A claim passes where the settings say so`() throws {
        let request = try Self.forwarded(
            Self.claims,
            configure: {
                $0.keptFields = KeptFields([Array("x-forwarded-prefix".utf8), Array("true-client-ip".utf8)])
            }
        )
        let passed = request.components(separatedBy: "\r\n").filter { $0.hasSuffix(": evil") }
        #expect(passed == ["X-Forwarded-Prefix: evil", "True-Client-IP: evil"])
    }

    @Test func `A rule may set a claim itself`() throws {
        let request = try Self.forwarded(["X-Forwarded-Prefix"]) {
            $0.setHeaders = [HeaderSetting(name: "X-Forwarded-Prefix", value: "/app")]
        }
        #expect(request.contains("X-Forwarded-Prefix: /app\r\n") && !request.contains("evil"))
    }

    @Test(arguments: ["Proxy", "proxy", "PROXY"])
    func `The field Proxy never passes`(name: String) throws {
        #expect(try !Self.forwarded([name]).contains("evil"))
        #expect(try !Self.forwarded([name], configure: Self.trust).contains("evil"))
    }

    private static func response(
        _ fields: String,
        status: String = "200 OK",
        kept: KeptFields = KeptFields()
    ) throws -> String {
        let tier = try EmbeddedTier(
            configure: { $0.keptFields = kept },
            origin: { connection in
                while connection.nextHead() != nil {
                    connection.send("HTTP/1.1 \(status)\r\n\(fields)X-App: kept\r\nContent-Length: 0\r\n\r\n")
                }
            }
        )
        let client = try tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let head = try client.takeHead()
        #expect(head.contains("X-App: kept\r\n"))
        return head
    }

    private static let directives =
        "X-Accel-Redirect: evil\r\nx-accel-buffering: evil\r\nX_Accel_Redirect: evil\r\nX-Sendfile: evil\r\n"
        + "X-Sendfile2: evil\r\nX-LIGHTTPD-send-file: evil\r\nX-Reproxy-URL: evil\r\n"
        + "Proxy-Status: berth-front; error=evil\r\n"

    @Test func `Commands of containers to a proxy do not pass`() throws {
        let head = try Self.response(Self.directives)
        #expect(!head.contains("evil"), "\(head)")
        let kept = try Self.response(
            Self.directives,
            kept: KeptFields([Array("x-accel-redirect".utf8), Array("proxy-status".utf8)])
        )
        #expect(kept.components(separatedBy: "evil").count == 3, "\(kept)")
        #expect(kept.contains("X-Accel-Redirect: evil\r\nProxy-Status: berth-front; error=evil\r\n"))
    }

    @Test func `A front tier shows which tier failed`() throws {
        let kept = KeptFields(statusOfTiers: true)
        let fields = "Server: berth\r\nProxy-Status: berth-local; error=dns_error\r\n"
        #expect(try Self.response(fields, status: "502 Bad Gateway", kept: kept).contains("dns_error"))
        #expect(try !Self.response(fields, kept: kept).contains("dns_error"))
        #expect(try !Self.response(fields, status: "502 Bad Gateway").contains("dns_error"))
        let forged = "Server: nginx\r\nProxy-Status: berth-local; error=dns_error\r\n"
        #expect(try !Self.response(forged, status: "502 Bad Gateway", kept: kept).contains("dns_error"))
    }

    @Test func `The mark of a request that was sent nowhere passes through no tier`() throws {
        let kept = KeptFields([Array("x-berth-unsent".utf8)])
        let head = try Self.response(
            "X-Berth-Unsent: evil\r\nx_berth_unsent: evil\r\n",
            status: "503 Service Unavailable",
            kept: kept
        )
        #expect(!head.contains("evil"), "\(head)")
        #expect(try !Self.forwarded(["X-Berth-Unsent"]).contains("evil"))
    }

    @Test(arguments: [true, false])
    func `A tier marks a request that it has sent nowhere, for those that it trusts`(isTrusted: Bool) throws {
        let tier = try EmbeddedTier(
            configure: { if isTrusted { Self.trust(&$0) } },
            origin: EmbeddedTier.echoHeads
        )
        tier.connectFailure = .connectionRefused
        let client = try tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let head = try client.takeHead()
        #expect(head.hasPrefix("HTTP/1.1 502 "))
        #expect(head.contains("\r\nX-Berth-Unsent: connection_refused\r\n") == isTrusted)
    }

    @Test func `What an endpoint may have seen is not marked`() throws {
        let tier = try EmbeddedTier(
            configure: Self.trust,
            origin: { connection in
                while connection.nextHead() != nil { connection.send("junk\r\n\r\n") }
            }
        )
        let client = try tier.connect()
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        let head = try client.takeHead()
        #expect(head.hasPrefix("HTTP/1.1 502 ") && !head.contains("X-Berth-Unsent"))
    }
}
