import Linting
import Routing
import RoutingConfig
import Testing

/// Hosts under one certificate that demand different certificates of clients.
@Suite struct ClientPolicyLintTests {
    private static let rules = """
        rules:
          - { name: staff, host: staff.test.priv, to: 'a:80', client_certificates: { ca: /ca.pem } }
          - { name: hr, host: hr.test.priv, to: 'a:80', client_certificates: { ca: /ca.pem } }
          - { name: admin, host: wiki.test.priv, path: /admin, to: 'a:80', client_certificates: { ca: /ca.pem } }
          - { name: wiki, host: wiki.test.priv, to: 'a:80' }
          - { name: other, host: www.other.priv, to: 'a:80' }
          - { name: shops, host: '~^shop-[a-z]+\\.test\\.priv$', to: 'a:80' }
        """

    private static func found(
        _ names: [[String]],
        standard: ClientCertificates? = nil,
        _ text: String = rules
    ) throws -> [String] {
        let inspected = try ConfigurationLoader.inspect(text: text)
        let certificates = names.map { Linter.Certificate(names: $0, standard: standard) }
        return Linter.findings(inspected, options: Linter.Options(certificates: certificates))
            .filter { $0.code == .mixedClientCertificates }
            .map { "\($0.line) \($0.severity) \($0.message)" }
    }

    @Test func `Each further policy under a wildcard is shown with a host`() throws {
        let found = try Self.found([["*.test.priv"]])
        #expect(
            found == [
                "4 note the certificate for `*.test.priv` covers `staff.test.priv`, where a client certificate of /ca.pem is required, and `wiki.test.priv`, where a client certificate of /ca.pem is requested",
                "7 note the certificate for `*.test.priv` covers `staff.test.priv`, where a client certificate of /ca.pem is required, and `shop-a.test.priv`, where clients need no certificate",
            ]
        )
    }

    @Test func `Names of one certificate count together, and certificates each by itself`() throws {
        #expect(try Self.found([["staff.test.priv"], ["www.other.priv"], ["*.other.priv"]]) == [])
        #expect(try Self.found([["staff.test.priv", "hr.test.priv"]]) == [])
        #expect(try Self.found([["staff.test.priv", "www.other.priv"]]).count == 1)
        #expect(try Self.found([["127.0.0.1", "a..b", "staff.test.priv"]]) == [])
    }

    @Test func `The policy of the listener counts`() throws {
        let all = ClientCertificates(authorities: "/ca.pem")
        #expect(try Self.found([["*.test.priv"]], standard: all) == [])
        #expect(
            try Self.found([["*.test.priv"]], standard: ClientCertificates(authorities: "/b.pem")).count == 2
        )
        #expect(try Self.found([["*.test.priv"]], "rules: [{ name: a, to: 'b:80' }]") == [])
    }
}
