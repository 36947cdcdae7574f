import NginxImport
import Routing
import RoutingConfig
import Testing

/// `ssl_verify_client`: demanded by the rules, or nothing passes.
@Suite struct ClientCertificateTests {
    private static func rules(_ text: String) throws -> (yaml: String, rules: [Rule]) {
        let server =
            "server { \(text) server_name a.test; location / { proxy_pass http://10.0.0.1; } location /r { return 302 https://b.test/; } }"
        let made = try NginxImport(
            Array(server.utf8),
            file: "n",
            include: { _ in .files([]) },
            page: { _ in nil }
        )
        return (made.yaml, try ConfigurationLoader.load(text: made.yaml).table.rules)
    }

    @Test(arguments: [("on", true), ("optional", false)])
    func `Each rule of the server demands the certificate`(value: String, isRequired: Bool) throws {
        let (yaml, rules) = try Self.rules(
            "listen 443 ssl; ssl_client_certificate /etc/ca.pem; ssl_verify_client \(value); ssl_verify_depth 2;"
        )
        let expected = ClientCertificates(authorities: "/etc/ca.pem", isRequired: isRequired)
        #expect(rules.count >= 2 && rules.allSatisfy { $0.clientCertificates == expected }, "\(yaml)")
        #expect(!yaml.contains("501"), "\(yaml)")
    }

    @Test(
        arguments: [
            // Without TLS nginx verifies nobody.
            "listen 80; ssl_client_certificate /etc/ca.pem; ssl_verify_client on;",
            "listen 443 ssl; ssl_verify_client on;",
            "listen 443 ssl; ssl_client_certificate ca.pem; ssl_verify_client on;",
            "listen 443 ssl; ssl_client_certificate /etc/ca.pem; ssl_verify_client optional_no_ca;",
            "listen 443 ssl; ssl_client_certificate /etc/ca.pem; ssl_verify_client on; ssl_crl /etc/crl.pem;",
            "listen 443 ssl; ssl_client_certificate /etc/$a.pem; ssl_verify_client on;",
        ]
    )
    func `What cannot be demanded lets nothing through`(text: String) throws {
        let (yaml, rules) = try Self.rules(text)
        #expect(rules.allSatisfy { $0.clientCertificates == nil }, "\(yaml)")
        #expect(yaml.contains("respond: 501") && !yaml.contains("to: "), "\(yaml)")
    }

    @Test func `Off is off`() throws {
        let (yaml, rules) = try Self.rules("listen 443 ssl; ssl_verify_client off;")
        #expect(rules.allSatisfy { $0.clientCertificates == nil } && yaml.contains("to: "), "\(yaml)")
    }
}
