import HTTP1
import NIOCore
import Routing
import Testing

@testable import ProxyCore

/// The stage `access`: the policy of the connection, and that of the request.
@Suite struct ClientAccessTests {
    private static let staff = ClientCertificates(authorities: "staff.pem")

    private static func rule(
        _ host: String,
        path: String? = nil,
        _ policy: ClientCertificates?
    ) -> RuleDefinition {
        var rule = RuleDefinition(
            name: host + (path ?? ""),
            host: host,
            path: path,
            action: .forward(to: "app")
        )
        rule.clientCertificates = policy
        return rule
    }

    private let stages: RequestStages
    private static let trusted = [CIDR("10.0.0.0/8")].compactMap(\.self)
    private static let fingerprint = "X-Client-Cert-Fingerprint: " + String(repeating: "aF", count: 32)

    init() throws {
        stages = try StagesBench(
            [
                Self.rule("staff.test", Self.staff),
                Self.rule("payroll.test", Self.staff),
                Self.rule("wiki.test", path: "/admin", Self.staff),
                Self.rule("wiki.test", nil),
                Self.rule("guest.test", ClientCertificates(authorities: "guests.pem", isRequired: false)),
                Self.rule(
                    "named.test",
                    ClientCertificates(authorities: "staff.pem", names: ["CN=alice", "laptop.test"])
                ),
                Self.rule(
                    "greeted.test",
                    ClientCertificates(authorities: "staff.pem", isRequired: false, names: ["CN=alice"])
                ),
                Self.rule("*.test", nil),
            ],
            names: ["app": [StagesBench.address(1)]],
            configure: { $0.trustedProxies = Self.trusted }
        ).stages
    }

    private func security(
        _ name: String?,
        of file: String? = nil,
        standard: ClientCertificates? = nil,
        named known: [String] = []
    )
        throws -> ConnectionSecurity
    {
        let host = try name.map { try HostName($0) }
        let security = ConnectionSecurity()
        let client = file.map { file in
            ClientIdentity(subject: [1], fingerprint: [2], hasName: { known.contains($0) }) { $0 == file }
        }
        security.establish(
            serverName: host,
            policy: stages.clientPolicy(of: host, standard: standard),
            client: client
        )
        return security
    }

    /// The identity that passes on: nil where nobody is known.
    private func ask(
        _ host: String,
        _ path: String = "/",
        over security: ConnectionSecurity?,
        peer: String = "192.0.2.1",
        fields: [String] = [],
        standard: ClientCertificates? = nil
    ) throws -> ClientIdentity? {
        let lines = fields.map { $0 + "\r\n" }.joined()
        let source = ByteBuffer(string: "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\(lines)\r\n")
        var head = RequestHead()
        var scanned = 0
        _ = try head.parse(source.readableBytesUInt8Span, scanned: &scanned, limits: .default)
        let connection = ConnectionInfo(
            peer: try #require(IPAddress(peer)),
            localPort: 443,
            scheme: security == nil ? .http : .https,
            listener: ListenerFacts(clientCertificates: standard),
            security: security,
            trustedProxies: Self.trusted
        )
        var route = RequestRoute()
        var untraced: RouteTrace?
        try stages.route(head, source, from: connection, into: &route, trace: &untraced)
        return route.identity
    }

    private func refusal(_ body: () throws -> ClientIdentity?) -> Failure.Reason? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? Failure)?.reason
        }
    }

    @Test func `A handshake demands what the rules of its server name do`() throws {
        let known = HostClientPolicy([Self.staff])
        func policy(_ name: String?, _ standard: ClientCertificates? = nil) throws -> HostClientPolicy {
            stages.clientPolicy(of: try name.map { try HostName($0) }, standard: standard)
        }
        #expect(try policy("staff.test") == known && known.isRequired)
        #expect(try policy("payroll.test") == known)
        let wiki = try policy("wiki.test")
        #expect(wiki.authorities == ["staff.pem"] && !wiki.isRequired)
        #expect(try !policy("guest.test").isRequired)
        #expect(try policy("www.test") == .none && policy(nil) == .none && policy("a.elsewhere") == .none)
        let other = ClientCertificates(authorities: "all.pem")
        #expect(try policy(nil, other) == HostClientPolicy([other]))
        #expect(try policy("www.test", other) == HostClientPolicy([other]))
        #expect(try policy("a.elsewhere", other) == HostClientPolicy([other]))
        #expect(try policy("staff.test", other) == known)
        #expect(try policy("wiki.test", other).authorities == ["all.pem", "staff.pem"])
    }

    @Test func `The client is known to the rules whose CAs have issued its certificate`() throws {
        #expect(try ask("staff.test", over: security("staff.test", of: "staff.pem"))?.subject == [1])
        #expect(try ask("guest.test", over: security("guest.test")) == nil)
        #expect(try ask("guest.test", over: security("guest.test", of: "guests.pem")) != nil)
        #expect(try ask("wiki.test", over: security("wiki.test", of: "staff.pem")) == nil)
        #expect(try ask("wiki.test", "/admin", over: security("wiki.test", of: "staff.pem")) != nil)
        // As where the file of the CAs has changed since.
        for file in ["guests.pem", nil] {
            #expect(
                refusal { try ask("staff.test", over: security("staff.test", of: file)) }
                    == .clientCertificateRequired
            )
            #expect(
                refusal { try ask("wiki.test", "/admin", over: security("wiki.test", of: file)) }
                    == .clientCertificateRequired
            )
        }
    }

    @Test func `A host with another policy is misdirected, on a connection that has served`() throws {
        let hosts = ["staff.test", "wiki.test", "guest.test", "www.test"]
        for name in hosts {
            for host in hosts where host != name {
                let fresh = try security(name, of: "staff.pem")
                #expect(refusal { try ask(host, over: fresh) } == .serverNameMismatch, "\(name) \(host)")
                #expect(refusal { try ask(host, over: fresh) } == .serverNameMismatch, "\(name) \(host)")
                let used = try security(name, of: name == "guest.test" ? "guests.pem" : "staff.pem")
                #expect(refusal { try ask(name, over: used) } == nil)
                #expect(refusal { try ask(host, over: used) } == .misdirectedRequest, "\(name) \(host)")
                #expect(refusal { try ask(host, over: used) } == .misdirectedRequest)
                #expect(refusal { try ask(name, over: used) } == nil)
            }
        }
        let same = try security("staff.test", of: "staff.pem")
        #expect(try ask("payroll.test", over: same) != nil)
        #expect(try ask("STAFF.test.:443", over: same) != nil)
        #expect(try ask("shop.test", over: security("www.test")) == nil)
        #expect(refusal { try ask("staff.test", over: security(nil)) } == .serverNameMismatch)
    }

    @Test func `Rules that have changed since the handshake want another connection`() throws {
        let security = try security("staff.test", of: "staff.pem")
        let rules = [Self.rule("*.test", ClientCertificates(authorities: "new.pem"))]
        stages.install(
            table: try RouteTable(rules),
            settings: stages.settings,
            names: StagesBench.table([:])
        )
        #expect(refusal { try ask("staff.test", over: security) } == .misdirectedRequest)
        #expect(refusal { try ask("staff.test", over: security) } == .misdirectedRequest)
        let next = try self.security("staff.test", of: "new.pem")
        #expect(try ask("staff.test", over: next) != nil)
    }

    @Test func `The policy of a listener counts for rules without one`() throws {
        let all = ClientCertificates(authorities: "all.pem")
        let known = try security("www.test", of: "all.pem", standard: all)
        #expect(try ask("www.test", over: known, standard: all) != nil)
        let other = try security("www.test", of: "staff.pem", standard: all)
        #expect(
            refusal { try ask("www.test", over: other, standard: all) } == .clientCertificateRequired
        )
        #expect(
            refusal { try ask("www.test", over: ConnectionSecurity(), standard: all) } == .serverNameMismatch
        )
    }

    @Test func `Without TLS only a trusted proxy can have verified a client`() throws {
        func plain(_ peer: String, _ fields: [String]) -> Failure.Reason? {
            refusal { try ask("staff.test", over: nil, peer: peer, fields: fields) }
        }
        #expect(plain("10.0.0.1", [Self.fingerprint]) == nil)
        #expect(plain("192.0.2.1", [Self.fingerprint]) == .clientCertificateRequired)
        for fields in [
            [], [Self.fingerprint, Self.fingerprint], [Self.fingerprint + "0"], [Self.fingerprint + "x"],
            ["X-Client-Cert-Fingerprint:"], ["X-Client-Cert-Subject: CN=a"],
            [Self.fingerprint.replacing("-", with: "_")],
            [Self.fingerprint, "Connection: X-Client-Cert-Fingerprint"],
        ] {
            #expect(plain("10.0.0.1", fields) == .clientCertificateRequired, "\(fields)")
        }
        #expect(refusal { try ask("guest.test", over: nil) } == nil)
        #expect(refusal { try ask("wiki.test", over: nil) } == nil)
        #expect(refusal { try ask("wiki.test", "/admin", over: nil) } == .clientCertificateRequired)
    }

    @Test func `Rules see the fields of a client's certificate only where a trusted proxy has sent them`()
        throws
    {
        var alice = Self.rule("a.test", nil)
        alice.headers = [HeaderMatch(name: "X-Client-Cert-Subject", value: "CN=alice")]
        stages.install(
            table: try RouteTable([alice]),
            settings: stages.settings,
            names: StagesBench.table([:])
        )
        let field = ["X-Client-Cert-Subject: CN=alice"]
        #expect(refusal { try ask("a.test", over: nil, fields: field) } == .noRule)
        #expect(refusal { try ask("a.test", over: nil, peer: "10.0.0.1", fields: field) } == nil)
    }

    @Test func `A trusted proxy has one connection for all hosts, and says who its clients are`() throws {
        // As a front tier makes it: under the name of its target.
        let link = try security("host_01.test", of: "tiers.pem")
        func proxied(_ host: String, _ path: String = "/", _ fields: [String] = []) -> Failure.Reason? {
            refusal { try ask(host, path, over: link, peer: "10.0.0.1", fields: fields) }
        }
        #expect(proxied("www.test") == nil && proxied("guest.test") == nil && proxied("wiki.test") == nil)
        #expect(proxied("staff.test", "/", [Self.fingerprint]) == nil)
        #expect(proxied("wiki.test", "/admin", [Self.fingerprint]) == nil)
        #expect(proxied("staff.test") == .clientCertificateRequired)
        #expect(proxied("wiki.test", "/admin") == .clientCertificateRequired)
        #expect(
            proxied("staff.test", "/", [Self.fingerprint, Self.fingerprint]) == .clientCertificateRequired
        )
        // Its own certificate counts where it is from the CA of the rule.
        let own = try security("host_01.test", of: "staff.pem")
        #expect(try ask("staff.test", over: own, peer: "10.0.0.1") != nil)
        // Nobody else is one.
        let other = try security("host_01.test")
        #expect(
            refusal { try ask("staff.test", over: other, fields: [Self.fingerprint]) } == .serverNameMismatch
        )
    }

    @Test func `A refused request has come to the stage access, with and without a cached decision`() throws {
        for _ in 0..<3 {
            let source = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: staff.test\r\n\r\n")
            var head = RequestHead()
            var scanned = 0
            _ = try head.parse(source.readableBytesUInt8Span, scanned: &scanned, limits: .default)
            let peer = try #require(IPAddress("192.0.2.1"))
            let connection = ConnectionInfo(peer: peer, localPort: 80, trustedProxies: [])
            var route = RequestRoute()
            var untraced: RouteTrace?
            #expect(throws: Failure.self) {
                try stages.route(head, source, from: connection, into: &route, trace: &untraced)
            }
            #expect(route.stage == .access && route.decision != nil)
        }
    }

    // MARK: Names

    private func detail(_ body: () throws -> ClientIdentity?) -> String? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? Failure).map { $0.detail ?? "" }
        }
    }

    @Test func `A certificate without one of the names is refused, or nobody's`() throws {
        func ask(_ host: String, _ file: String?, _ names: [String]) throws -> ClientIdentity? {
            try self.ask(host, over: security(host, of: file, named: names))
        }
        #expect(try ask("named.test", "staff.pem", ["x", "laptop.test"]) != nil)
        #expect(detail { try ask("named.test", "staff.pem", ["other.test"]) } == "other_name")
        #expect(detail { try ask("named.test", "guests.pem", ["laptop.test"]) } == "")
        #expect(detail { try ask("named.test", nil, ["laptop.test"]) } == "")
        #expect(try ask("greeted.test", "staff.pem", ["CN=alice"]) != nil)
        #expect(try ask("greeted.test", "staff.pem", ["laptop.test"]) == nil)
    }

    @Test func `A trusted proxy states the subject of a client, and no other name`() throws {
        func ask(_ fields: [String]) -> String? {
            detail {
                try self.ask("named.test", over: nil, peer: "10.0.0.1", fields: [Self.fingerprint] + fields)
            }
        }
        #expect(ask(["X-Client-Cert-Subject: CN=alice"]) == nil)
        for fields in [
            [], ["X-Client-Cert-Subject: CN=bob"], ["X-Client-Cert-Subject:"],
            ["X-Client-Cert-Subject: CN=alice,O=x"],
            ["X-Client-Cert-Subject: CN=alice", "X-Client-Cert-Subject: CN=bob"],
            ["X-Client-Cert-Subject: cn=alice"],
        ] {
            #expect(ask(fields) == "other_name", "\(fields)")
        }
    }
}
