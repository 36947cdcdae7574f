import NginxImport
import Routing
import RoutingConfig
import Testing

@Suite struct BacktrackingTests {
    /// With these, nginx forwards as Berth does.
    private static let forwarding =
        "proxy_redirect off; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"

    @Test(
        arguments: [
            "server { server_name ~^(?:[a-z]+)+x$; return 204; }",
            "server { server_name a; location ~ ^/(?:[a-z]+)+x$ { return 204; } location / { return 404; } }",
            "server { server_name a; location / { rewrite ^/(?:[a-z]+)+x$ /y break; proxy_pass http://10.0.0.1; \(forwarding) } }",
        ]
    )
    func `A pattern that backtracks catastrophically is imported with a note, and loads`(text: String) throws
    {
        let made = try NginxImport(Array(text.utf8), file: "nginx.conf") { _ in .files([]) }
        #expect(made.isWhole)
        #expect(made.findings.contains { $0.why.contains("backtracks catastrophically") })
        #expect(try ConfigurationLoader.load(text: made.yaml).table.rules.count == made.ruleCount)
    }
}
