import Foundation
import NginxImport
import Routing
import RoutingConfig
import Testing

/// What nginx changes in responses: `add_header`, `proxy_hide_header`, `proxy_redirect`, `error_page`.
@Suite struct ResponseTranslationTests {
    private static let upgrade =
        "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
    private static let pass = "proxy_pass http://10.0.0.1; proxy_redirect off; \(upgrade)"

    private static func location(_ text: String) -> String { "server { location / {\n\(text)\n} }" }

    /// The lines of the rule file's rules, without where they come from; and what is listed.
    private static func translate(_ text: String) throws -> (yaml: String, listed: [String]) {
        let made = try NginxImport(
            Array(text.utf8),
            file: "n",
            include: { _ in .files([]) },
            page: { $0.hasPrefix("/pages/") ? nil : "it is not there" }
        )
        let listed = made.findings.filter(\.isUntranslated).map { "\($0.position.line): \($0.what)" }
        let lines = made.yaml.split(separator: "\n").map { line in
            line.firstRange(of: "  # ").map { String(line[..<$0.lowerBound]) } ?? String(line)
        }
        if !made.yaml.contains("/pages/") {
            #expect(throws: Never.self, "\(made.yaml)") { _ = try ConfigurationLoader.load(text: made.yaml) }
        }
        return (lines.joined(separator: "\n"), listed)
    }

    private static func expect(_ text: String, has: [String], listed: [String] = []) throws {
        let (yaml, found) = try translate(text)
        #expect(found == listed, "\(yaml)")
        for lines in has { #expect(yaml.contains(lines), "\(lines)\nin\n\(yaml)") }
    }

    @Test func `Fields are added with their statuses`() throws {
        try Self.expect(
            Self.location(
                """
                add_header X-A 1;
                add_header X-B "a b" always;
                add_header X-C $host always;
                add_header X-A 2;
                add_header X-Empty "";
                add_header ETag '"x"';
                proxy_hide_header X-Inner;
                proxy_hide_header Date;
                \(Self.pass)
                """
            ),
            has: [
                """
                    response_headers:
                      - remove: [X-Inner]
                      - statuses: [200, 201, 204, 206, 301-304, 307, 308]
                        add:
                          X-A: '1'
                      - errors: true
                        add:
                          X-B: 'a b'
                          X-C: '${request_host}'
                      - statuses: [200, 201, 204, 206, 301-304, 307, 308]
                        add:
                          X-A: '2'
                      - statuses: [200, 201, 204, 206, 301-304, 307, 308]
                        set:
                          ETag: '"x"'
                """
            ]
        )
    }

    @Test func `Fields of a block are those of every response in it, unless it has its own`() throws {
        let (yaml, listed) = try Self.translate(
            "add_header X-Outer 1 always;\nserver { location = /a { return 204; }\n"
                + "location = /b { add_header X-Inner 1 always; return 301 https://b.test/; }\n"
                + "location / { \(Self.pass) } }"
        )
        #expect(listed == [])
        #expect(yaml.components(separatedBy: "X-Outer: '1'").count == 3, "\(yaml)")
        #expect(yaml.components(separatedBy: "X-Inner: '1'").count == 2, "\(yaml)")
    }

    @Test func `Values that rules lack, and fields that only Berth writes, are listed`() throws {
        try Self.expect(
            "map $http_origin $o { default x; }\n"
                + Self.location(
                    """
                    add_header X-A $http_origin;
                    add_header X-B $o;
                    add_header Connection close;
                    add_header X-C good;
                    proxy_hide_header Transfer-Encoding;
                    \(Self.pass)
                    """
                ),
            has: ["X-C: 'good'"],
            listed: [
                "3: add_header X-A", "4: add_header X-B", "5: add_header Connection",
                "7: proxy_hide_header Transfer-Encoding",
            ]
        )
    }

    @Test(arguments: [
        ("proxy_pass http://10.0.0.1:81;", "{ from: 'http://10.0.0.1:81/', to: '/' }"),
        ("proxy_pass http://10.0.0.1/two/;", "{ from: 'http://10.0.0.1/two/', to: '/one/' }"),
        (
            "proxy_pass http://10.0.0.1; proxy_redirect http://a/ http://$host/;",
            "{ from: 'http://a/', to: 'http://${request_host}/' }"
        ),
        (
            "proxy_pass http://10.0.0.1:81; proxy_redirect http://$proxy_host/ /;",
            "{ from: 'http://10.0.0.1:81/', to: '/' }"
        ),
        (
            #"proxy_pass http://10.0.0.1; proxy_redirect ~^(http://[^:]+):\d+(/.+)$ $1$2;"#,
            #"{ from: '~^(http://[^:]+):\d+(/.+)$', to: '${1}${2}' }"#
        ),
        (
            "proxy_pass http://10.0.0.1; proxy_redirect ~*^/X(.*) /y$1;",
            "{ from: '~*^/X(.*)', to: '/y${1}' }"
        ),
        (
            "proxy_pass http://10.0.0.1; proxy_redirect http:// https://;",
            "{ from: 'http://', to: 'https://' }"
        ),
        (
            "proxy_pass http://10.0.0.1; proxy_redirect default; proxy_redirect http://a/ /;",
            "{ from: 'http://10.0.0.1/', to: '/' }"
        ),
    ])
    func `Redirects are rewritten`(text: String, line: String) throws {
        try Self.expect(
            "server { location / { return 404; } location /one/ { \(text) \(Self.upgrade) } }",
            has: ["      - \(line)"]
        )
    }

    @Test(arguments: [
        "proxy_pass http://10.0.0.1; proxy_redirect off;", "set $a 10.0.0.1; proxy_pass http://$a;",
    ])
    func `Without a URL to replace, and where it is off, nothing is rewritten`(text: String) throws {
        let (yaml, listed) = try Self.translate(Self.location("\(text) \(Self.upgrade)"))
        #expect(listed == [] && !yaml.contains("rewrite_location"))
    }

    @Test(arguments: [
        "http://a/ http://$http_x/", "http://a/ elsewhere/", "a/ /", #""" /"#, #"http://a/ """#,
        "~^http://(?<x>.*)$ https://$x", "http://a/ 'http://b c/'",
    ])
    func `What rules cannot write is listed`(words: String) throws {
        let (yaml, listed) = try Self.translate(
            Self.location(
                "\(Self.upgrade)\nproxy_pass http://10.0.0.1;\nproxy_redirect \(words);\nproxy_redirect /a/ /;"
            )
        )
        #expect(listed.count == 1 && listed[0].hasPrefix("4: "), "\(listed)")
        #expect(!yaml.contains("rewrite_location"))
    }

    @Test func `Pages are files and targets`() throws {
        try Self.expect(
            """
            server {
            error_page 502 504 /down.html;
            error_page 404 =200 /lost;
            location = /down.html { root /pages; }
            location = /lost { internal; proxy_pass http://10.0.0.2:81/x; }
            location / { proxy_intercept_errors on; \(Self.pass) }
            location /own/ { error_page 500 /down.html; \(Self.pass) }
            }
            """,
            has: [
                """
                    error_pages:
                      502: { file: '/pages/down.html', content_type: text/html, intercept: true }
                      504: { file: '/pages/down.html', content_type: text/html, intercept: true }
                      404: { to: '10.0.0.2:81/x', status: 200, intercept: true }
                """,
                """
                    error_pages:
                      500: { file: '/pages/down.html', content_type: text/html }
                """,
            ],
            // Berth serves no files, but for pages.
            listed: ["4: root"]
        )
    }

    @Test(arguments: [
        "error_page 404 @other;", "error_page 404 https://a.test/;", "error_page 404 /none.html;",
        "error_page 404 /gone.html;", "error_page 404 =99 /page.html;", "error_page 404 /relative.html;",
        "error_page 404 /changed.html;",
    ])
    func `A page that rules lack is listed`(line: String) throws {
        let (yaml, listed) = try Self.translate(
            """
            server {
            \(line)
            location = /page.html { internal; alias /pages/page.html; }
            location = /gone.html { internal; root /elsewhere; }
            location = /relative.html { internal; root html; }
            location = /changed.html { internal; rewrite ^ /x break; root /pages; }
            location / { \(Self.pass) }
            }
            """
        )
        #expect(listed == ["2: error_page"], "\(yaml)")
        #expect(!yaml.contains("error_pages"))
    }

    @Test func `A page for a status of the configuration's own is listed`() throws {
        let (_, listed) = try Self.translate(
            "server {\nerror_page 403 /page.html;\nlocation = /page.html { internal; alias /pages/page.html; }\n"
                + "location /a { deny all; \(Self.pass) }\nlocation / { return 204; }\n}"
        )
        #expect(listed == ["2: error_page"])
    }
}
