import NginxImport
import Routing
import RoutingConfig
import Testing

/// Upstream groups that become pools.
@Suite struct UpstreamPoolTests {
    private static func made(_ upstream: String) throws -> NginxImport {
        let text = "upstream g {\n\(upstream)\n}\nserver { location / { proxy_pass http://g; } }"
        let made = try NginxImport(Array(text.utf8), file: "n") { _ in .files([]) }
        #expect(throws: Never.self, "\(made.yaml)") { _ = try ConfigurationLoader.load(text: made.yaml) }
        return made
    }

    /// The keys of the pool, without the comments.
    private static func pool(_ upstream: String) throws -> [String] {
        let lines = try made(upstream).yaml.split(separator: "\n").drop { $0 != "pools:" }.dropFirst()
        return lines.prefix { $0.hasPrefix("  ") }.map { line in
            String(line.prefix(upTo: line.firstRange(of: "  # n:")?.lowerBound ?? line.endIndex))
        }
    }

    private static func listed(_ upstream: String) throws -> [String] {
        try made(upstream).findings.filter { $0.position.line == 2 }.map(\.what)
    }

    @Test func `A group of addresses alone stays a name`() throws {
        let made = try Self.made("server 10.0.0.1; server 10.0.0.2:81; keepalive 8;")
        #expect(!made.yaml.contains("pools:"))
        #expect(made.yaml.contains("g: ['10.0.0.1:80', '10.0.0.2:81']"))
    }

    @Test func `Parameters of servers become keys of endpoints`() throws {
        let pool = try Self.pool(
            "server 10.0.0.1 weight=300 max_conns=5; server [::1]:81 backup max_fails=0 fail_timeout=1m slow_start=500ms; server 10.0.0.3 down max_conns=0;"
        )
        #expect(
            pool == [
                "  - name: g", "    endpoints:",
                "      - { address: '10.0.0.1:80', weight: 300, max_conns: 5 }",
                "      - { address: '[::1]:81', backup: true, max_fails: 0, fail_timeout: 60s, slow_start: 500ms }",
                "      - { address: '10.0.0.3:80', down: true }",
            ]
        )
    }

    @Test func `An address that occurs several times has the sum of its weights`() throws {
        let pool = try Self.pool("server 10.0.0.1 weight=2; server 10.0.0.1; server 10.0.0.2;")
        #expect(
            pool.dropFirst(2) == ["      - { address: '10.0.0.1:80', weight: 3 }", "      - '10.0.0.2:80'"]
        )
    }

    @Test(arguments: [
        ("least_conn;", ["balance: least_conn"]), ("ip_hash;", ["balance: ip_hash"]),
        ("random;", ["balance: random"]), ("random two;", ["balance: random two"]),
        ("random two least_conn;", ["balance: random two"]),
        ("least_time header;", ["balance: least_time header"]),
        ("hash $request_uri;", ["balance: hash", "hash_key: '${uri}'"]),
        (
            "hash $host$scheme-${args} consistent;",
            [
                "balance: hash", "hash_key: '${request_host}${scheme}-${query}'", "consistent: true",
            ]
        ),
        (
            "hash $http_x_user_id$cookie_sid;",
            ["balance: hash", "hash_key: '${header.x-user-id}${cookie.sid}'"]
        ),
    ])
    func `A method becomes keys of the pool`(directive: String, keys: [String]) throws {
        let pool = try Self.pool("\(directive) server 10.0.0.1; server 10.0.0.2;")
        #expect(pool.dropFirst(4) == keys.map { "    \($0)" }[...])
        #expect(try Self.listed("\(directive) server 10.0.0.1; server 10.0.0.2;") == [])
    }

    @Test(arguments: ["hash $uri;", "hash $binary_remote_addr consistent;"])
    func `A key that is another text than in nginx is noted`(directive: String) throws {
        let made = try Self.made("\(directive) server 10.0.0.1;")
        #expect(made.findings.filter { $0.kind == .note && $0.position.line == 2 }.count == 1)
    }

    @Test(arguments: [
        "fair;", "sticky cookie a;", "hash $arg_user;", "hash constant;", "random two least_time=header;",
        "hash ${uri;",
    ])
    func `A method that Berth does not have is listed`(directive: String) throws {
        #expect(try Self.listed("\(directive) server 10.0.0.1;") == [String(directive.dropLast())])
    }

    @Test(arguments: ["weight=0", "weight=70000", "max_conns=x", "fail_timeout=0", "slow_start=x", "route=a"])
    func `A parameter that an endpoint cannot have is listed`(parameter: String) throws {
        #expect(try Self.listed("server 10.0.0.1 \(parameter);") == [parameter])
    }
}
