import Foundation
import Names
import ProxyCore
import Routing
import RoutingConfig
import Testing

@testable import DryRun

/// The dry run over the rules of the demo.
@Suite struct DryRunTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static func run(explain: Bool = false) throws -> DryRun {
        let tiers = try ["front", "local"].map { name in
            let path = root.appending(path: "rules/\(name).yaml").path
            let configuration = try ConfigurationLoader.load([path])
            let names = try NameTable(offline: configuration.names)
            return DryRunTier(name, configuration, names: .offline(names))
        }
        return DryRun(tiers, frontAddress: nil, explain: explain)
    }

    private static func report(_ url: String, explain: Bool = false) throws -> DryRunReport {
        let client = try #require(IPAddress("192.0.2.7"))
        return try run(explain: explain).run(DryRunRequest(url: Array(url.utf8), client: client))
    }

    @Test func `A hostname finds its container through both tiers`() throws {
        let report = try Self.report("http://wordpress_container001_01.test.priv/a?b")
        #expect(report.outcome == .forwarded && report.succeeds)
        #expect(report.tiers.map(\.tier) == ["front", "local"])
        for tier in report.tiers {
            #expect(tier.rule == "saas")
            #expect(
                tier.captures.map { "\($0.name)=\($0.value)" } == [
                    "app=wordpress", "container=container001", "host=01",
                ]
            )
        }
        #expect(report.tiers[0].target == "host_01:9000")
        #expect(report.tiers[0].endpoints == ["127.0.1.1:9000"])
        #expect(report.tiers[0].source == "static")
        #expect(report.tiers[1].endpoints == ["127.0.1.11:8080"])
        #expect(report.received?.requestLine == "GET /a?b HTTP/1.1")
        let forwarded = report.received?.headers.first { $0.name == "X-Forwarded-For" }?.value
        #expect(forwarded?.hasPrefix("192.0.2.7, ") == true)
        #expect(report.received?.headers.filter { $0.name == "Via" }.count == 2)
    }

    @Test func `A name that leads to a registry, and a captured address, are refused as for live traffic`()
        throws
    {
        let text = """
            rules: [{ name: any, host: '~(?<name>[a-z0-9]+)\\.test', to: '$name:80' }]
            names:
              - static: { registry: '10.0.0.1:2379', shop: '10.0.0.1:80' }
              - etcd: { endpoints: ['http://10.0.0.1:2379'] }
            """
        let configuration = try ConfigurationLoader.load(text: text)
        let table = try NameTable(offline: configuration.names)
        let run = DryRun(
            [DryRunTier("front", configuration, names: .offline(table))],
            frontAddress: nil,
            explain: false
        )
        let client = try #require(IPAddress("192.0.2.7"))
        func reason(_ host: String) -> String? {
            run.run(DryRunRequest(url: Array("http://\(host)/".utf8), client: client)).reason
        }
        #expect(reason("registry.test") == "prohibited_address")
        #expect(reason("2130706433.test") == "unknown_target")
        #expect(reason("shop.test") == nil)
    }

    @Test func `A host that no rule knows is refused, with the status a client would get`() throws {
        let report = try Self.report("http://nothing.example/")
        #expect(report.outcome == .refused && !report.succeeds)
        #expect(report.status == 404 && report.reason == "no_rule")
        #expect(report.tiers.count == 1)
    }

    @Test func `A host that the front knows and the local tier does not is refused there`() throws {
        let report = try Self.report("http://wordpress_container999_01.test.priv/")
        #expect(report.tiers.map(\.tier) == ["front", "local"])
        #expect(report.status == 503 && report.reason == "unknown_target")
    }

    @Test(
        arguments: [
            "http://a b.test.priv/", "http:///", "http://user@wordpress_container001_01.test.priv/",
            "http://wordpress_container001_01.test.priv\r\nX-Evil: 1/", "http://a\u{0}b/", "http://x:99999/",
            "http://wordpress_container001_01.test.priv/a b",
        ]
    )
    func `Hostile URLs are refused as they are live`(url: String) throws {
        let report = try Self.report(url)
        #expect(report.outcome == .refused)
        #expect(report.status == 400, "\(url.debugDescription): \(report.status ?? 0)")
    }

    @Test(arguments: ["ftp://a.test.priv/", "file:///etc/passwd", "h2c://a.test.priv/"])
    func `A URL of another scheme is refused, and the report says which schemes there are`(url: String) throws
    {
        let report = try Self.report(url)
        #expect(report.outcome == .refused && report.status == 400)
        #expect(report.detail?.contains("http:// or https://") == true)
    }

    @Test(arguments: ["https", "HTTPS", "wss"])
    func `A URL of https comes through a proxy that terminates TLS, as far as the tier trusts it`(
        scheme: String
    )
        throws
    {
        // The front rules of the demo trust no proxy: containers see http.
        let url = "\(scheme)://wordpress_container001_01.test.priv/a?b"
        let untrusting = try Self.report(url)
        #expect(untrusting.outcome == .forwarded)
        #expect(Self.received("X-Forwarded-Proto", untrusting) == "http")
        #expect(untrusting.notes.contains { $0.contains("trusted_proxies") })

        let text = """
            rules: [{ name: all, to: '10.0.0.9:80', set_headers: { X-Scheme: '${scheme}' } }]
            trusted_proxies: [192.168.3.0/24]
            """
        let run = try Self.tier(text)
        let client = try #require(IPAddress("192.0.2.7"))
        let report = run.run(DryRunRequest(url: Array(url.utf8), client: client))
        #expect(Self.received("X-Forwarded-Proto", report) == "https")
        #expect(Self.received("X-Forwarded-For", report) == "192.0.2.7, 192.168.3.1")
        #expect(Self.received("X-Scheme", report) == "https")
        #expect(report.tiers[0].client == "192.0.2.7")
        // Who sends the field is the proxy.
        var request = DryRunRequest(url: Array(url.utf8), client: client)
        request.headers = [("X-Forwarded-Proto", "http")]
        #expect(Self.received("X-Forwarded-Proto", run.run(request)) == "http")
    }

    // MARK: Certificates

    private static func report(_ url: String, _ choice: CertificateChoice) throws -> DryRunReport {
        let text = "rules: [{ name: all, to: '10.0.0.9:80', set_headers: { X-Scheme: '${scheme}' } }]"
        let configuration = try ConfigurationLoader.load(text: text)
        let names = DryRunTier.Names.offline(try NameTable(offline: configuration.names))
        let tier = DryRunTier("front", configuration, names: names) { name, port in
            var choice = choice
            choice.serverName = name.map { "\($0)" }
            return port == 443 || port == 8443 ? choice : nil
        }
        let client = try #require(IPAddress("192.0.2.7"))
        return DryRun([tier], frontAddress: nil, explain: false)
            .run(DryRunRequest(url: Array(url.utf8), client: client))
    }

    private static let star = CertificateChoice(
        serverName: nil,
        file: "star.pem",
        names: ["*.test.priv"],
        covering: "*.test.priv",
        shallow: nil,
        notAfter: "2027-01-31T00:00:00Z"
    )

    @Test func `A tier with certificates receives https itself, and the report has the certificate`() throws {
        let report = try Self.report("https://WWW.test.priv:8443/a", Self.star)
        #expect(report.outcome == .forwarded && report.certificate?.serverName == "www.test.priv")
        #expect(report.notes.isEmpty)
        #expect(Self.received("X-Forwarded-Proto", report) == "https")
        #expect(Self.received("X-Scheme", report) == "https")
        #expect(Self.received("X-Forwarded-For", report) == "192.0.2.7")
        let text = DryRunText(color: false).render(report)
        #expect(text.contains("certificate  star.pem for *.test.priv, until 2027-01-31\n"))
        #expect(try Self.report("http://www.test.priv/", Self.star).certificate == nil)
    }

    @Test func `A listener that redirects to HTTPS does so at its port`() throws {
        let text = """
            rules: [{ name: all, to: '10.0.0.9:80' }]
            listeners:
              - { address: '0.0.0.0:80', redirect_to_https: true }
              - { address: '0.0.0.0:8443', tls: { certificates: certs } }
            """
        let run = try Self.tier(text)
        let client = try #require(IPAddress("192.0.2.7"))
        let report = run.run(DryRunRequest(url: Array("http://www.test.priv/a?b".utf8), client: client))
        #expect(report.outcome == .responded && report.status == 301)
        #expect(report.tiers[0].redirect == "https://www.test.priv:8443/a?b")
        let other = run.run(DryRunRequest(url: Array("http://www.test.priv:8080/a".utf8), client: client))
        #expect(other.outcome == .forwarded)
    }

    @Test func `The default certificate does not cover every name, and the report says so`() throws {
        var choice = Self.star
        choice.covering = nil
        choice.shallow = "*.test.priv"
        let report = try Self.report("https://a.b.test.priv/", choice)
        #expect(report.outcome == .forwarded)
        #expect(report.notes.count == 1 && report.notes[0].contains("`*.test.priv` stands for one label"))
        // A client sends no name for an address.
        #expect(try Self.report("https://10.0.0.1/", choice).certificate?.serverName == nil)
    }

    @Test func `A handshake without a certificate is refused before any rule`() throws {
        var choice = Self.star
        choice.file = nil
        choice.covering = nil
        choice.shallow = "*.test.priv"
        let report = try Self.report("https://a.b.test.priv/", choice)
        #expect(report.outcome == .refused && !report.succeeds && report.status == nil)
        #expect(report.reason == "unrecognized_name" && report.detail?.contains("one label") == true)
        let text = DryRunText(color: false).render(report)
        #expect(text.contains("=> refused by the front tier: unrecognized_name: no certificate covers"))
    }

    private static func received(_ field: String, _ report: DryRunReport) -> String? {
        report.received?.headers.first { $0.name == field }?.value
    }

    private static func tier(_ text: String, machine: DryRunMachine? = nil) throws -> DryRun {
        let configuration = try ConfigurationLoader.load(text: text)
        let names = try NameTable(offline: configuration.names)
        let tier = DryRunTier("front", configuration, names: .offline(names), machine: machine)
        return DryRun([tier], frontAddress: nil, explain: false, machine: machine)
    }

    // MARK: Loops

    private static func machine(_ listen: [String], openPorts: Set<UInt16> = []) -> DryRunMachine {
        DryRunMachine(
            listening: listen.compactMap { Endpoint($0) },
            ownAddresses: [IPAddress("198.51.100.4")].compactMap { $0 },
            openPorts: openPorts
        )
    }

    private static func followed(_ machine: DryRunMachine, local: String? = nil) throws -> DryRunReport {
        let tiers = try ["front", "local"].map { name in
            let path = root.appending(path: "rules/\(name).yaml").path
            let isOther = name == "local" && local != nil
            let configuration =
                try isOther ? ConfigurationLoader.load(text: local ?? "") : ConfigurationLoader.load([path])
            let names = try NameTable(offline: configuration.names)
            return DryRunTier(
                name,
                configuration,
                names: .offline(names),
                machine: name == "front" ? machine : nil
            )
        }
        let run = DryRun(tiers, frontAddress: nil, explain: false, machine: machine)
        let client = try #require(IPAddress("192.0.2.7"))
        let url = Array("http://wordpress_container001_01.test.priv/".utf8)
        return run.run(DryRunRequest(url: url, client: client))
    }

    @Test(arguments: ["0.0.0.0:8080", "[::]:8080", "127.0.1.11:8080"])
    func `A container that is the front tier itself is a loop`(listen: String) throws {
        let report = try Self.followed(Self.machine([listen]))
        #expect(report.status == 508 && report.reason == "loop_detected")
        #expect(report.detail?.contains("127.0.1.11:8080") == true)
        #expect(report.received == nil)
    }

    @Test func `A tier on one address is no loop, nor is the next tier's listener`() throws {
        for listen in ["127.0.0.1:8080", "0.0.0.0:80"] {
            let report = try Self.followed(Self.machine([listen]))
            #expect(report.outcome == .forwarded && report.notes.isEmpty, "\(listen)")
        }
    }

    @Test func `A tier whose endpoint is itself does not connect`() throws {
        // The front tier: where it listens is known.
        let front = try Self.followed(Self.machine(["0.0.0.0:9000"]))
        #expect(front.status == 502 && front.reason == "prohibited_address" && front.tiers.count == 1)
        // The local tier listens where the front tier sends the request.
        let local = try Self.followed(
            Self.machine([]),
            local: "rules: [{ name: all, to: '127.0.1.1:9000' }]"
        )
        #expect(local.status == 502 && local.reason == "prohibited_address" && local.tiers.count == 2)
    }

    @Test func `A program that listens on every address is pointed out where it may be a tier`() throws {
        let report = try Self.followed(Self.machine([], openPorts: [8080]))
        #expect(report.outcome == .forwarded)
        #expect(report.notes.contains { $0.contains("port 8080") && $0.contains("127.0.1.11:8080") })
        #expect(try Self.followed(Self.machine([], openPorts: [80])).notes.isEmpty)
        let elsewhere = "rules: [{ name: all, to: '203.0.113.9:8080' }]"
        #expect(try Self.followed(Self.machine([], openPorts: [8080]), local: elsewhere).notes.isEmpty)
    }

    @Test func `An unanchored look-alike does not get in`() throws {
        #expect(
            try Self.report("http://wordpress_container001_01.test.priv.evil.example/").reason == "no_rule"
        )
    }

    @Test func `The explanation says of every rule why`() throws {
        let trace = try #require(try Self.report("http://nothing.example/", explain: true).tiers[0].trace)
        #expect(trace.map(\.rule) == ["saas"])
        #expect(trace.map(\.matched) == [false])
        #expect(trace[0].why.contains("bytes far"))
    }

    @Test func `The JSON has the documented keys, none left out`() throws {
        let data = try JSONEncoder().encode(try Self.report("http://wordpress_container001_01.test.priv/"))
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["outcome"] as? String == "forwarded")
        let tiers = try #require(object["tiers"] as? [[String: Any]])
        #expect((tiers[0]["captures"] as? [String: String])?["app"] == "wordpress")
        for key in [
            "tier", "files", "client", "rule", "location", "captures", "target", "source", "endpoints",
            "prohibited", "headers", "status", "reason", "detail", "redirect",
        ] {
            #expect(tiers[0].keys.contains(key), "\(key) is missing")
        }
    }

    private static func report(_ url: String, rules: String) throws -> DryRunReport {
        let configuration = try ConfigurationLoader.load(text: rules)
        let names = try NameTable(offline: configuration.names)
        let tier = DryRunTier("local", configuration, names: .offline(names))
        let client = try #require(IPAddress("192.0.2.7"))
        return DryRun([tier], frontAddress: nil, explain: false)
            .run(DryRunRequest(url: Array(url.utf8), client: client))
    }

    private static let changing = """
        error_pages: { 5xx: { to: 'pages/5xx' } }
        rules:
          - name: shop
            host: '~^(?<app>[a-z]+)\\.test$'
            to: '${app}:8080'
            response_headers: { set: { X-App: '$app' }, remove: [Server] }
            rewrite_location: [default, { from: 'http://${app}.internal/', to: '/' }]
            error_pages: { 404: { to: 'pages:81/lost', intercept: true }, unknown_target: { to: 'pages/none' } }
        names:
          - static: { shop: 10.0.0.1 }
        """

    @Test func `What a rule changes in responses is shown`() throws {
        let report = try Self.report("http://shop.test/", rules: Self.changing)
        let lines = [
            "remove server", "set X-App: shop", "rewrite own address", "rewrite http://shop.internal/ to /",
            "page 404: http://pages:81/lost (also in place of responses)",
            "page unknown_target: http://pages/none",
        ]
        #expect(report.tiers.first?.response == lines && report.tiers.first?.page == nil)
        let text = DryRunText(color: false).render(report)
        for line in lines { #expect(text.contains("  response  \(line)\n"), "\(text)") }
    }

    @Test func `The page of a refusal is shown, the rule's before the tier's`() throws {
        let unknown = try Self.report("http://nowhere.test/", rules: Self.changing)
        #expect(unknown.reason == "unknown_target" && unknown.tiers.first?.page == "http://pages/none")
        let other = try Self.report("http://a.b.c/", rules: Self.changing)
        #expect(other.reason == "no_rule" && other.tiers.first?.page == nil)
        #expect(DryRunText(color: false).render(unknown).contains("  page      http://pages/none\n"))
    }
}
