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
}
