import Routing
import RoutingConfig
import Testing

/// `client_certificates` of rules and listeners.
@Suite struct ClientCertificatesTests {
    private static func load(rule: String? = nil, listener: String? = nil) throws -> Configuration {
        let text = """
            listeners:
              - address: '0.0.0.0:443'
                tls:
                  certificates: certs
            \(listener.map { "      client_certificates:\($0)\n" } ?? "")
            rules:
              - name: all
                to: 'a:80'
            \(rule.map { "    client_certificates:\($0)\n" } ?? "")
            """
        return try ConfigurationLoader.load(text: text, file: "/etc/berth/front.yaml")
    }

    @Test func `A policy has the file of its CAs, and requires a certificate unless it says so`() throws {
        let both = try Self.load(
            rule: " { ca: staff.pem }",
            listener: " { ca: /etc/ca.pem, required: false }"
        )
        #expect(
            both.table.rules[0].clientCertificates == ClientCertificates(authorities: "/etc/berth/staff.pem")
        )
        let listener = both.listeners[0].tls?.clientCertificates
        #expect(listener == ClientCertificates(authorities: "/etc/ca.pem", isRequired: false))
        #expect(both.clientAuthorities == ["/etc/berth/staff.pem", "/etc/ca.pem"])
        let named = try Self.load(rule: " { ca: /a.pem, names: ['CN=a,O=b', '*.c.test'] }")
        #expect(
            named.table.rules[0].clientCertificates
                == ClientCertificates(authorities: "/a.pem", names: ["CN=a,O=b", "*.c.test"])
        )
        let none = try Self.load()
        #expect(none.table.rules[0].clientCertificates == nil && none.clientAuthorities.isEmpty)
        #expect(!none.table.hasClientCertificates && both.table.hasClientCertificates)
    }

    @Test(arguments: [
        "", " null", " {}", " true", " false", " staff.pem", " [staff.pem]", " { ca: }", " { ca: '' }",
        " { ca: [a.pem] }", " { required: true }", " { ca: a.pem, required: }",
        " { ca: a.pem, required: often }",
        " { ca: a.pem, require: false }", " { CA: a.pem }",
        " { ca: a.pem, names: }", " { ca: a.pem, names: [] }", " { ca: a.pem, names: alice }",
        " { ca: a.pem, names: [''] }", " { ca: a.pem, names: ['*'] }", " { ca: a.pem, names: ['ä'] }",
        " { ca: a.pem, names: [[a]] }",
    ])
    func `A mistake is an error, and never the absence of a policy`(value: String) {
        #expect(throws: ConfigurationFailure.self) { _ = try Self.load(rule: value) }
        #expect(throws: ConfigurationFailure.self) { _ = try Self.load(listener: value) }
    }

    @Test func `Rules with equal effects keep policies of their own`() throws {
        let text = """
            rules:
              - { name: a, host: a.test, to: 'x:80', client_certificates: { ca: /a.pem } }
              - { name: b, host: b.test, to: 'x:80', client_certificates: { ca: /b.pem } }
              - { name: c, host: c.test, redirect: 'https://x.test/', client_certificates: { ca: /c.pem } }
              - { name: d, host: d.test, to: 'x:80' }
            """
        let rules = try ConfigurationLoader.load(text: text).table.rules
        #expect(rules.map { $0.clientCertificates?.authorities } == ["/a.pem", "/b.pem", "/c.pem", nil])
    }
}
