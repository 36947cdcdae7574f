import Routing
import RoutingConfig
import Settings
import Testing

/// `listeners` of a rule file.
@Suite struct ListenerTests {
    private static func listeners(_ text: String, file: String = "/etc/berth/front.yaml") throws
        -> [ListenerSettings]
    {
        try ConfigurationLoader.load(text: "rules: [{ name: all, to: 'a:80' }]\n" + text, file: file)
            .listeners
    }

    @Test func `Without the key there are none`() throws {
        #expect(try Self.listeners("").isEmpty)
        #expect(try Self.listeners("listeners:").isEmpty)
    }

    @Test func `A listener has an address, certificates and a default`() throws {
        let text = """
            listeners:
              - address: '0.0.0.0:443'
                tls:
                  certificates:
                    - { cert: star.pem, key: keys/star.key }
                    - { cert: /etc/ssl/both.pem }
                    - certs
                  default: '*.test.priv'
              - { address: ':80', redirect_to_https: true }
              - address: '[::1]:8080'
            """
        let listeners = try Self.listeners(text)
        #expect(listeners.map { "\($0.address)" } == ["0.0.0.0:443", "0.0.0.0:80", "[::1]:8080"])
        let tls = try #require(listeners[0].tls)
        let expected = CertificateSettings(
            pairs: [
                .init(certificate: "/etc/berth/star.pem", key: "/etc/berth/keys/star.key"),
                .init(certificate: "/etc/ssl/both.pem", key: "/etc/ssl/both.pem"),
            ],
            folders: ["/etc/berth/certs"],
            defaultName: "*.test.priv"
        )
        #expect(tls.certificates == expected && tls.hsts == nil)
        #expect(tls.origin.line == 6 && listeners[1].origin.line == 10)
        #expect(listeners.map(\.redirectsToHTTPS) == [false, true, false])
        #expect(listeners[1].tls == nil && listeners.httpsPort == 443)
    }

    @Test func `The certificates may be a folder`() throws {
        let tls = try Self.listeners(
            "listeners: [{ address: '0.0.0.0:8443', tls: { certificates: /etc/berth/certs } }]"
        )
        #expect(tls[0].tls?.certificates == CertificateSettings(folders: ["/etc/berth/certs"]))
        #expect(tls.httpsPort == 8443)
    }

    @Test(arguments: [
        ("true", "max-age=31536000"), ("{}", "max-age=31536000"), ("{ max_age: 1h }", "max-age=3600"),
        ("{ max_age: 0 }", "max-age=0"),
        ("{ include_subdomains: true }", "max-age=31536000; includeSubDomains"),
        ("{ include_subdomains: true, preload: true }", "max-age=31536000; includeSubDomains; preload"),
        ("false", nil),
    ])
    func `HSTS is a field with the time of its settings`(text: String, value: String?) throws {
        let listeners = try Self.listeners(
            "listeners: [{ address: '0.0.0.0:443', tls: { certificates: certs, hsts: \(text) } }]"
        )
        #expect(listeners[0].tls?.hsts?.fieldValue == value)
    }
}
