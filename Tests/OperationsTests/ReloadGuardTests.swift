import Foundation
import Proxy
import ProxyCore
import Routing
import RoutingConfig
import TestSupport
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(3)))
struct ReloadGuardTests {
    private func table(_ text: String) throws -> RouteTable { try ConfigurationLoader.load(text: text).table }

    private static let old = """
        rules:
          - { name: api, host: api.test, path: /v1, to: 'api-v1:80' }
          - { name: rest, host: '*.test', to: 'web:80' }
        """

    private func host(_ name: String, _ target: String = "/", requests: UInt64 = 1) -> RecentHost {
        RecentHost(
            host: Array(name.utf8),
            method: Array("GET".utf8),
            target: Array(target.utf8),
            client: IPAddress(v4: 0x7F00_0001),
            requests: requests
        )
    }

    @Test func `The share of hosts whose route changes is compared with the limit`() throws {
        let hosts = [
            host("api.test", "/v1/x", requests: 5), host("API.test:8080", "/v1/y"),
            host("a.test", requests: 9),
            host("b.test"), host("not a host"),
        ]
        let new = Self.old.replacing("api-v1:80", with: "api-v2:80")
        let report = ReloadGuard.check(hosts, from: try table(Self.old), to: try table(new), limit: 49.9)
        #expect(report.hosts == 4 && report.changed == 2 && report.share == 50 && report.isRefused)
        #expect(report.changes.map(\.host) == ["api.test", "api.test"])
        #expect(report.changes[0].old == "rule api: forward to api-v1:80")
        #expect(report.changes[0].new == "rule api: forward to api-v2:80")
        let same = ReloadGuard.check(hosts, from: try table(Self.old), to: try table(Self.old), limit: 0)
        #expect(same.changed == 0 && !same.isRefused)
        #expect(!ReloadGuard.check(hosts, from: try table(Self.old), to: try table(new), limit: 50).isRefused)
        #expect(!ReloadGuard.check([], from: try table(Self.old), to: try table(new), limit: 0).isRefused)
    }

    @Test func `At most ten hosts are named, those with the most requests first`() throws {
        let hosts = (1...30).map { host("h\($0).test", requests: UInt64($0)) }
        let new = "rules: [{ name: none, host: x.example, to: 'x:80' }]"
        let report = ReloadGuard.check(hosts, from: try table(Self.old), to: try table(new), limit: 10)
        #expect(report.changed == 30 && report.share == 100)
        #expect(report.changes.map(\.requests) == (21...30).reversed().map { UInt64($0) })
        #expect(report.changes[0].new == "no rule: refused, 404 no_rule")
        #expect(report.lines.count == 11)
    }

    // MARK: In a tier

    @Test func `A reload that would change too many routes is refused, and can be forced`() async throws {
        let folder = "/tmp/berth-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = URL(filePath: folder + "/front.yaml")
        let rules = "rules:\n  - { name: all, host: '*.test', respond: { status: 200, body: a } }\n"
        try Data(rules.utf8).write(to: file)
        try await AdminSite.run(
            rules: rules,
            change: { options in
                options.rules = [file.path]
                options.reloadsManually = true
            },
            { site in
                for name in ["a", "b", "c", "d"] {
                    let socket = try RawSocket.connect(port: site.service.tier.endpoints[0].port)
                    try socket.write("GET / HTTP/1.1\r\nHost: \(name).test\r\n\r\n")
                    #expect(try socket.readResponse().body == "a")
                }
                let client = ReloadClient(site.operatorClient)
                // One of four hosts.
                let one =
                    "rules:\n  - { name: b, host: b.test, respond: { status: 404 } }\n" + rules.dropFirst(7)
                try Data(one.utf8).write(to: file)
                var report = try await client.reload(guardLimit: 20)
                #expect(!report.reloaded && report.rules == 1)
                let refused = try #require(report.guard)
                #expect(
                    refused.isRefused && refused.hosts == 4 && refused.changed == 1 && refused.share == 25
                )
                #expect(refused.changes.map(\.host) == ["b.test"])
                #expect(report.findings == refused.lines)
                #expect(site.service.reloads.isStale)
                report = try await client.reload(guardLimit: 25)
                #expect(report.reloaded && report.rules == 2 && report.guard?.isRefused == false)
                // Errors have their lines.
                try Data("rules:\n  - { name: a, hots: b.test, to: 'a:80' }\n".utf8).write(to: file)
                report = try await client.reload()
                #expect(!report.reloaded && report.guard == nil)
                let finding = try #require(report.diagnostics?.first)
                #expect(finding.line == 2 && finding.sourceLine?.contains("hots") == true)
                #expect(finding.diagnostic.summary == report.findings.first)
                await #expect(throws: ControlClient.Problem.self) { try await client.reload(guardLimit: 101) }
            }
        )
    }
}
