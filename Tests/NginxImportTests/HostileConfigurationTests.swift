import NginxImport
import Routing
import RoutingConfig
import Testing

/// Configurations that are broken or made to do harm.
@Suite struct HostileConfigurationTests {
    private static func made(_ text: String) -> NginxImport? {
        try? NginxImport(Array(text.utf8), file: "nginx.conf") { _ in .unreadable("no includes here") }
    }

    @Test func `Blocks that nest without end are an error`() {
        #expect(Self.made(String(repeating: "a {", count: 100_000)) == nil)
    }

    @Test func `Maps that refer to one another end`() throws {
        let text = """
            map $a $b { default $b$a; x $a; }
            map $b $a { default $a; y $b; }
            server { location / { proxy_pass http://$a; } }
            """
        #expect(try #require(Self.made(text)).isWhole == false)
    }

    @Test func `Maps that multiply are bounded`() throws {
        var text = ""
        for number in 0..<12 {
            text += "map $http_x\(number) $m\(number) { default a; b b; c c; d d; e e; }\n"
        }
        let value = (0..<12).map { "$m\($0)" }.joined()
        text += "server { location / { proxy_pass http://\(value); } }"
        let result = try #require(Self.made(text))
        #expect(result.ruleCount <= NginxLimits.maxRules)
        #expect(!result.isWhole)
    }

    @Test func `Cut at any byte a configuration is an error or a rule file that loads`() throws {
        let text = """
            map $host $b { hostnames; default x; .a.b y; ~^(?<q>.+)\\.z$ $q; }
            upstream x { server 10.0.0.1 weight=2; server [::1]:80; least_conn; }
            server { listen 80; server_name "~^(?<app>a{2})\\.b$" *.c d.*; set $v "x${app}'";
              if ($host = a.c) { return 301 https://$host$request_uri; }
              location ~* \\.(php)$ { proxy_pass http://$b:80/$1?$args; }
              location ^~ /x/ { allow ::1; deny all; proxy_pass http://x/y/; } }
            """
        for count in 0..<text.utf8.count {
            let cut = String(decoding: text.utf8.prefix(count), as: UTF8.self)
            for tail in ["", ";", " }", ";}", ";}}", " {}}"] {
                guard let result = Self.made(cut + tail), !result.yaml.isEmpty else { continue }
                #expect(throws: Never.self, "\(cut)\(tail)\n\(result.yaml)") {
                    _ = try ConfigurationLoader.load(text: result.yaml)
                }
            }
        }
    }

    @Test func `A byte instead of any other gives an error or a rule file that loads`() throws {
        let text =
            "server { server_name ~^(?<a>[a-z]+)\\.b$ x.y; location /p { proxy_pass http://$a:80/q; } }"
        let bytes = Array(text.utf8)
        for index in bytes.indices {
            for byte in "\"'\\${}();#~^$*.=/:\u{1}|[?".utf8 {
                var changed = bytes
                changed[index] = byte
                guard let result = Self.made(String(decoding: changed, as: UTF8.self)), !result.yaml.isEmpty
                else { continue }
                #expect(throws: Never.self, "\(String(decoding: changed, as: UTF8.self))\n\(result.yaml)") {
                    _ = try ConfigurationLoader.load(text: result.yaml)
                }
            }
        }
    }
}
