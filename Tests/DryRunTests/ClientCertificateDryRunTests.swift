import Names
import Routing
import RoutingConfig
import Testing

@testable import DryRun

/// What a dry run assumes of clients, where rules need their certificates.
@Suite struct ClientCertificateDryRunTests {
    private static func report(_ url: String, front: String = "", local: String = "") throws -> DryRunReport {
        let policy = "client_certificates: { ca: /ca.pem }"
        let tiers = try [("front", "10.0.0.2", front), ("local", "10.0.0.3", local)].map { name, to, more in
            let rules = """
                rules:
                  - { name: staff, host: staff.test, \(policy), to: '\(to):80' }
                  - { name: all, to: '\(to):80' }
                """
            let configuration = try ConfigurationLoader.load(text: rules + "\n" + more)
            return DryRunTier(
                name,
                configuration,
                names: .offline(try NameTable(offline: configuration.names))
            )
        }
        let client = try #require(IPAddress("192.0.2.7"))
        return DryRun(tiers, frontAddress: IPAddress("10.0.0.1"), explain: false)
            .run(DryRunRequest(url: Array(url.utf8), client: client))
    }

    private static let listener = "listeners: [{ address: '0.0.0.0:443', tls: { certificates: /certs } }]"
    private static let trust = "trusted_proxies: [10.0.0.1]"

    private static func identity(_ report: DryRunReport) -> [String] {
        (report.received?.headers ?? []).filter { $0.name.hasPrefix("X-Client-Cert") }.map(\.name)
    }

    @Test func `A client has the certificate that the first tier needs, and the second one believes it`()
        throws
    {
        let report = try Self.report("https://staff.test/", front: Self.listener, local: Self.trust)
        #expect(report.outcome == .forwarded && report.tiers.count == 2, "\(report.reason ?? "-")")
        #expect(Self.identity(report) == ["X-Client-Cert-Subject", "X-Client-Cert-Fingerprint"])
        let other = try Self.report("https://www.test/", front: Self.listener, local: Self.trust)
        #expect(other.outcome == .forwarded && Self.identity(other).isEmpty)
    }

    @Test func `A tier that does not trust the one before it refuses`() throws {
        let report = try Self.report("https://staff.test/", front: Self.listener)
        #expect(report.outcome == .refused && report.reason == "client_certificate_required")
        #expect(report.tiers.map(\.tier) == ["front", "local"])
    }

    @Test func `Without TLS there is no certificate`() throws {
        let report = try Self.report("http://staff.test/", front: Self.listener, local: Self.trust)
        #expect(report.reason == "client_certificate_required" && report.tiers.count == 1)
    }

    @Test func `A proxy that terminates TLS verifies the client, where the tier trusts it`() throws {
        let report = try Self.report("https://staff.test/", front: Self.trust, local: Self.trust)
        #expect(report.outcome == .forwarded)
        #expect(Self.identity(report) == ["X-Client-Cert-Subject", "X-Client-Cert-Fingerprint"])
        let other = try Self.report("https://staff.test/", local: Self.trust)
        #expect(other.reason == "client_certificate_required")
    }
}
