import NginxImport
import Routing
import RoutingConfig
import Testing

@Suite struct BacktrackingTests {
    @Test(
        arguments: [
            "server { server_name ~^(?:[a-z]+)+x$; return 204; }",
            "server { server_name a; location ~ ^/(?:[a-z]+)+x$ { return 204; } }",
            "server { server_name a; location / { rewrite ^/(?:[a-z]+)+x$ /y break; proxy_pass http://10.0.0.1; } }",
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
