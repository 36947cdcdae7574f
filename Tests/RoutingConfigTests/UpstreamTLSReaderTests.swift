import Routing
import RoutingConfig
import Testing

/// `upstream_tls` of rule files.
@Suite struct UpstreamTLSReaderTests {
    private static func load(_ text: String) throws -> Configuration {
        try ConfigurationLoader.load(text: text, file: "/etc/berth/front.yaml")
    }

    private static func findings(_ text: String) -> [String] {
        do throws(ConfigurationFailure) {
            _ = try ConfigurationLoader.load(text: text, file: "front.yaml")
            return []
        } catch {
            return error.diagnostics.map(\.summary)
        }
    }

    private static let rule = "rules: [{ name: a, to: 'https://web:8443' }]\n"

    @Test func `Of the whole set, for rules without their own`() throws {
        let configuration = try Self.load(
            """
            rules:
              - { name: a, to: 'https://web:8443' }
              - name: b
                to: 'https://web:8443'
                upstream_tls: { server_name: API.internal, certificate: { cert: own.pem } }
              - { name: c, to: 'web:8080' }
            error_pages: { 502: { to: 'https://pages/502' } }
            upstream_tls: { ca: ca.pem, certificate: { cert: tls/front.pem, key: /keys/front.key } }
            """
        )
        let all = UpstreamTLS(
            authorities: "/etc/berth/ca.pem",
            certificate: .init(certificate: "/etc/berth/tls/front.pem", key: "/keys/front.key")
        )
        let own = UpstreamTLS(
            serverName: "api.internal",
            certificate: .init(certificate: "/etc/berth/own.pem", key: "/etc/berth/own.pem")
        )
        #expect(configuration.table.upstreamTLS == [all, own] && configuration.neededTLS == [all, own])
        #expect(configuration.upstreamTLS.map(\.tls) == [own, all])
        let origin = configuration.upstreamTLS.last?.origin(ofFile: "/etc/berth/ca.pem")
        #expect(origin.map { "\($0)" } == "/etc/berth/front.yaml:8:21")
        #expect(
            configuration.upstreamTLS.last.map { "\($0.origin(ofFile: "/keys/front.key"))" }
                == "/etc/berth/front.yaml:8:42"
        )
    }

    @Test func `HTTP 2 may be chosen, unless it says otherwise`() throws {
        #expect(try Self.load(Self.rule).neededTLS.map(\.http2) == [true])
        #expect(try Self.load(Self.rule + "upstream_tls: { http2: false }").neededTLS.map(\.http2) == [false])
    }

    @Test func `Without one, the system's authorities are needed`() throws {
        #expect(try Self.load(Self.rule).neededTLS == [UpstreamTLS()])
        #expect(try Self.load("rules: [{ name: a, to: 'web:8443' }]").neededTLS.isEmpty)
    }

    @Test(
        arguments: [
            ("upstream_tls: ca.pem", "`upstream_tls` must be a mapping"),
            ("upstream_tls: { cas: ca.pem }", "unknown key `cas`"),
            ("upstream_tls: { ca: '' }", "`ca` must be the path of a file"),
            ("upstream_tls: { server_name: 'a:443' }", "is not a name that a certificate can be checked for"),
            ("upstream_tls: { server_name: '*.a' }", "is not a name that a certificate can be checked for"),
            ("upstream_tls: { verify: maybe }", "`verify`"),
            ("upstream_tls: { http2: maybe }", "`http2`"),
            ("upstream_tls: { verify: false, ca: ca.pem }", "`ca` has no effect with `verify: false`"),
            ("upstream_tls: { certificate: a.pem }", "`certificate` must be a mapping"),
            ("upstream_tls: { certificate: { key: a.key } }", "`certificate` has no `cert`"),
        ]
    )
    func `What it cannot be is an error`(text: String, message: String) {
        let findings = Self.findings(Self.rule + text)
        #expect(findings.contains { $0.contains(message) }, "\(findings)")
    }

    @Test func `It belongs to a rule with https`() {
        for action in ["to: 'web:8080'", "to: 'h2c://web:8080'"] {
            let findings = Self.findings("rules: [{ name: a, \(action), upstream_tls: { ca: ca.pem } }]")
            #expect(findings.contains { $0.contains("the target is not `https`") }, "\(findings)")
        }
        let redirect = Self.findings("rules: [{ name: a, redirect: 'https://b/', upstream_tls: {} }]")
        #expect(redirect.contains { $0.contains("`upstream_tls` has no effect on a rule with `redirect`") })
    }
}
