import NginxImport
import Routing
import RoutingConfig
import Testing

/// Configurations of which some line is not translated: it is listed, and no rule goes on without it.
@Suite struct ListedLinesTests {
    struct Sample: CustomTestStringConvertible, Sendable {
        let text: String
        /// What is listed, as `line: directive`.
        let listed: [String]
        /// Lines of the rule file.
        var has: [String] = []
        var lacks: [String] = []

        var testDescription: String { text }
    }

    /// Forwards as Berth does, so that nothing is listed by default.
    private static let pass = """
        proxy_pass http://10.0.0.1; proxy_redirect off; proxy_set_header Upgrade $http_upgrade; \
        proxy_set_header Connection upgrade;
        """

    private static func location(_ text: String) -> String { "server { location / {\n\(text)\n} }" }

    private static func check(_ sample: Sample, include: NginxInclude = .files([])) throws {
        let made = try NginxImport(Array(sample.text.utf8), file: "n") { _ in include }
        let listed = made.findings.filter(\.isUntranslated).map { "\($0.position.line): \($0.what)" }
        #expect(listed == sample.listed, "\(made.yaml)")
        #expect(made.isWhole == sample.listed.isEmpty)
        for text in sample.has { #expect(made.yaml.contains(text), "\(text) in\n\(made.yaml)") }
        for text in sample.lacks { #expect(!made.yaml.contains(text), "\(text) in\n\(made.yaml)") }
        #expect(throws: Never.self) { _ = try ConfigurationLoader.load(text: made.yaml) }
    }

    @Test(arguments: [
        Sample(
            text: location("if ($cookie_a) { return 403; }\n\(pass)"),
            listed: ["2: if ($cookie_a)"],
            has: ["respond: 501"],
            lacks: ["to:"]
        ),
        Sample(
            text: location("if ($cookie_a) { set $x 1; }\n\(pass)\nproxy_set_header X-A $x;"),
            listed: ["2: if ($cookie_a)"],
            lacks: ["to:"]
        ),
        // Only a cache reads the variable.
        Sample(
            text: location("if ($cookie_a) { set $x 1; }\n\(pass)\nproxy_no_cache $x;"),
            listed: [],
            has: ["to: '10.0.0.1'"]
        ),
        Sample(
            text: location("rewrite ^/a/(.*)$ /$1 last;\n\(pass)"),
            listed: ["2: rewrite ^/a/(.*)$"],
            has: ["path: '~^/a/(.*)$'", "respond: 501", "to: '10.0.0.1'"]
        ),
        Sample(
            text: location("rewrite ^/a/(.*)$ /1/$1 break;\nrewrite ^/b/(.*)$ /2/$1 break;\n\(pass)"),
            listed: [],
            has: ["with: '/1/${1}'", "with: '/2/${1}'"]
        ),
        Sample(
            text: location("if ($request_method = POST) { proxy_pass http://10.0.0.2; }\n\(pass)"),
            listed: [],
            has: ["methods: [POST]", "to: '10.0.0.2'", "to: '10.0.0.1'"]
        ),
        Sample(
            text: location("limit_except GET { deny all; }\n\(pass)"),
            listed: [],
            has: ["methods: [GET, HEAD]", "respond: 403"]
        ),
        Sample(
            text: location("limit_except GET { auth_basic x; }\n\(pass)"),
            listed: ["2: auth_basic x"],
            has: ["methods: [GET, HEAD]", "respond: 501"]
        ),
        Sample(
            text: location("deny all;\nreturn 200 secret;"),
            listed: ["3: return 200"],
            has: ["respond: 501"],
            lacks: ["body: 'secret'"]
        ),
        Sample(text: location("deny all;\nreturn 404;"), listed: [], has: ["respond: 404"]),
        Sample(
            text: location("set $args a=b;\n\(pass)"),
            listed: ["2: set $args"],
            lacks: ["to:"]
        ),
        Sample(
            text: location("proxy_method POST;\n\(pass)"),
            listed: ["2: proxy_method"],
            lacks: ["to:"]
        ),
        Sample(
            text:
                "set_real_ip_from 10.0.0.9;\nserver { location / { allow 10.1.0.0/16; deny all; \(pass) } }",
            listed: ["1: set_real_ip_from", "1: set_real_ip_from"],
            lacks: ["to:"]
        ),
        Sample(
            text: "server { location ~ (*COMMIT)/a { deny all; }\nlocation / { \(pass) } }",
            listed: ["1: location ~ (*COMMIT)/a"],
            lacks: ["to:"]
        ),
    ])
    func `A rule that would be half translated responds with 501`(sample: Sample) throws {
        try Self.check(sample)
    }

    @Test func `What a missing include may hold keeps everything out`() throws {
        let sample = Sample(
            text: Self.location("include deny.conf;\n\(Self.pass)"),
            listed: ["2: include deny.conf", "2: include deny.conf"],
            has: ["respond: 501"],
            lacks: ["to:"]
        )
        try Self.check(sample, include: .unreadable("no such file"))
    }

    @Test func `An include that matches nothing is listed where it can protect something`() throws {
        let inside = Sample(
            text: Self.location("include deny/*.conf;\n\(Self.pass)"),
            listed: ["2: include deny/*.conf"],
            has: ["to: '10.0.0.1'"]
        )
        try Self.check(inside)
        let outside = Sample(text: "include conf.d/*.conf;\n" + Self.location(Self.pass), listed: [])
        try Self.check(outside)
    }

    @Test(arguments: [
        Sample(
            text: location(
                "resolver 10.0.0.2;\nset $u app.internal;\n\(pass)".replacing("10.0.0.1", with: "$u:8080")
            ),
            listed: [],
            has: ["- dns: { servers: ['10.0.0.2:53'], search: [] }"],
            lacks: ["system"]
        ),
        Sample(
            text: location("set $u app.internal;\n\(pass)".replacing("10.0.0.1", with: "$u:8080")),
            listed: [],
            has: ["respond: 502"],
            lacks: ["names:"]
        ),
        Sample(
            text: """
                server { server_name a; resolver 10.0.0.2;
                set $u app.internal; location / { \(pass.replacing("10.0.0.1", with: "$u")) } }
                server { server_name b; resolver 10.0.0.3;
                set $u app.internal; location / { \(pass.replacing("10.0.0.1", with: "$u")) } }
                """,
            listed: ["3: resolver 10.0.0.3"],
            has: ["'10.0.0.2:53'"]
        ),
        Sample(
            text: """
                resolver 10.0.0.2;
                server { server_name a; set $u app.internal; location / { \(pass.replacing("10.0.0.1", with: "$u")) } }
                server { server_name b; location / { \(pass.replacing("10.0.0.1", with: "db.internal")) } }
                """,
            listed: ["1: resolver 10.0.0.2"],
            has: ["- dns:", "- system:"]
        ),
        Sample(
            text: "resolver 10.0.0.2 ipv6=off;\n"
                + location("set $u app.internal;\n\(pass)".replacing("10.0.0.1", with: "$u")),
            listed: ["1: ipv6=off"]
        ),
    ])
    func `A name is asked of whom nginx asks`(sample: Sample) throws {
        try Self.check(sample)
    }

    @Test(arguments: [
        Sample(
            text: location("proxy_pass http://10.0.0.1;"),
            listed: ["2: Upgrade"],
            has: ["connect: 60s", "- { from: 'http://10.0.0.1/', to: '/' }"]
        ),
        Sample(
            text: "upstream g { server 10.0.0.1; server 10.0.0.2; }\n"
                + location(pass.replacing("10.0.0.1", with: "g")),
            listed: ["1: proxy_next_upstream"]
        ),
        Sample(
            text: "gzip on;\ngzip_types text/css;\ncharset utf-8;\n" + location(pass),
            listed: ["1: gzip on", "3: charset utf-8"]
        ),
        Sample(
            text: "gzip off;\nuse_nothing on;\nuserid on;\n" + location(pass),
            listed: ["2: use_nothing", "3: userid on"]
        ),
        Sample(
            text: "large_client_header_buffers 4 32k;\n" + location(pass),
            listed: [],
            has: ["uri: 32768", "header_block: 131072"]
        ),
        Sample(
            text: location("proxy_read_timeout 1h;\n\(pass)"),
            listed: [],
            has: ["tunnel: 3600s", "timeouts: { upstream: 3600s }"]
        ),
        Sample(
            text: "server { location /a { proxy_read_timeout 2h;\n\(pass) }\nlocation / {\n\(pass) } }",
            listed: ["4: proxy_read_timeout"],
            has: ["tunnel: 7200s"]
        ),
        Sample(
            text: "underscores_in_headers off;\n" + location(pass),
            listed: ["1: underscores_in_headers off"]
        ),
        Sample(
            text: "server { listen 80; listen 443 ssl;\nlocation / { \(pass) } }",
            listed: ["1: listen *:443"]
        ),
    ])
    func `What nginx does by default is translated or listed`(sample: Sample) throws {
        try Self.check(sample)
    }

    @Test(arguments: [
        Sample(
            text: location(
                "\(pass)\nproxy_set_header Host $proxy_host;".replacing("10.0.0.1", with: "10.0.0.1:81")
            ),
            listed: [],
            has: ["host_header: '10.0.0.1:81'"]
        ),
        Sample(
            text:
                "server { server_name .shop.test; location / { \(pass) proxy_set_header X-N $server_name; } }",
            listed: [],
            has: ["X-N: 'shop.test'"]
        ),
        Sample(
            text:
                "server { listen 443 ssl; location / { \(pass) proxy_set_header X-Forwarded-Proto $scheme; } }",
            listed: ["1: listen ssl"],
            has: ["X-Forwarded-Proto: 'https'"]
        ),
        Sample(
            text: location("\(pass)\nproxy_set_header X-Cert $ssl_client_s_dn;"),
            listed: ["3: $ssl_client_s_dn"],
            has: ["remove_headers: [X-Cert]"]
        ),
        Sample(
            text: location("\(pass)\nproxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;"),
            listed: ["3: proxy_set_header X-Forwarded-Proto"],
            lacks: ["remove_headers"]
        ),
        Sample(
            text: """
                map $t $p { default a; x b; } upstream a { server 10.0.0.1; } upstream b { server 10.0.0.2; }
                server { server_name ~^(?<t>.+)\\.saas\\.test$; location / { \(pass.replacing("10.0.0.1", with: "$p")) } }
                server { listen 80 default_server; return 404; }
                """,
            listed: [],
            has: ["(?<t>x)"]
        ),
        Sample(
            text: """
                map $remote_addr $p { default 10.0.0.1; 10.0.0.0/8 10.0.0.2; }
                server { location / { \(pass.replacing("10.0.0.1", with: "$p")) } }
                """,
            listed: [],
            lacks: ["clients:"]
        ),
        Sample(
            text: """
                map $http_x_k $p { default 10.0.0.1; ~^a?$ 10.0.0.2; }
                server { location / { \(pass.replacing("10.0.0.1", with: "$p")) } }
                """,
            listed: ["1: map $p"],
            lacks: ["to:"]
        ),
        Sample(
            text: "server { rewrite ^(.*)$ https://$host$1 permanent; }",
            listed: [],
            has: ["redirect: 'https://${request_host}${path}${query_part}'"]
        ),
        Sample(
            text:
                "server { location ~ ^/a(/.*)$ { return 301 https://$host$1; }\nlocation / { return 404; } }",
            listed: ["1: redirect"]
        ),
        Sample(text: "server { set $d ''; return 301 $scheme://$d$request_uri; }", listed: ["1: redirect"]),
        Sample(
            text: "server { server_name ~^a$; return 301 https://$server_name$request_uri; }",
            listed: ["1: redirect"]
        ),
    ])
    func `A value is what nginx makes of it`(sample: Sample) throws {
        try Self.check(sample)
    }
}
