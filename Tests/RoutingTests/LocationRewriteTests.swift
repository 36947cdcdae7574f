import Routing
import Testing

/// `rewrite_location`: what becomes of the URLs that endpoints send.
@Suite struct LocationRewriteTests {
    /// The URL in place of `url`, as text; nil: it stays.
    private static func rewritten(
        _ url: String,
        _ rewrites: [LocationRewrite],
        to target: String = "web:8080",
        hostHeader: String? = nil,
        host: String = "app.test",
        path: String? = nil,
        rule hostPattern: String? = nil,
        endpoint: String = "10.0.0.7:8080",
        uri: String = "/"
    ) throws -> String? {
        let rule = RuleDefinition.rule(host: hostPattern, path: path, to: target) {
            $0.rewriteLocation = rewrites
            $0.hostHeader = hostHeader
        }
        let decision = try Ask(host, uri).of(RouteTable(rule))
        let edits = try #require(decision.response)
        let endpoint = try #require(Endpoint(endpoint))
        let bytes = Array(url.utf8)
        let result = edits.location(inPlaceOf: bytes.span, from: endpoint, scratch: RouteScratch())
        return result.map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: default

    @Test(arguments: [
        // The host that it received, with its own port.
        ("http://app.test:8080/login?a=b#c", "/login?a=b#c"), ("http://APP.test:8080/", "/"),
        ("HTTP://app.test:8080", "/"), ("//app.test:8080/x", "/x"), ("http://app.test:8080?q", "/?q"),
        ("http://app.test.:8080/x", "/x"),
        // Its name and its address.
        ("http://web:8080/x", "/x"), ("http://web/x", "/x"), ("http://10.0.0.7:8080/x", "/x"),
        // Not itself.
        ("http://app.test/x", nil), ("http://app.test:8081/x", nil), ("https://app.test:8080/x", nil),
        ("http://10.0.0.7/x", nil), ("http://10.0.0.8:8080/x", nil), ("http://other.test:8080/x", nil),
        ("http://web:8081/x", nil), ("http://u@web:8080/x", nil), ("http://web:8080@evil.test/", nil),
        ("/login", nil), ("login", nil), ("", nil), ("http:/web:8080/", nil), ("http://", nil),
        ("ftp://web:8080/", nil), ("http://web:8080\\@evil.test/", nil), ("//evil.test/", nil),
        // What is left would lead elsewhere.
        ("http://web:8080//evil.test/", nil), ("http://web:8080/\\evil.test/", nil),
        ("http://web:8080/\t/evil.test/", nil), ("http://web:8080///evil.test/", nil),
    ])
    func `The default removes the endpoint's own address`(url: String, expected: String?) throws {
        #expect(try Self.rewritten(url, [.ownAddress]) == expected)
    }

    @Test(arguments: [
        ("https://web:8443/x", "/x"), ("https://web/x", "/x"), ("//web:8443/x", "/x"),
        ("https://10.0.0.7:8443/x", "/x"),
        ("http://web:8443/x", nil), ("https://web:8444/x", nil), ("https://other/x", nil),
    ])
    func `An endpoint with TLS writes https of itself`(url: String, expected: String?) throws {
        let own = try Self.rewritten(
            url,
            [.ownAddress],
            to: "https://web:8443",
            endpoint: "10.0.0.7:8443"
        )
        #expect(own == expected)
    }

    @Test func `Without a port, port 80 is meant`() throws {
        #expect(try Self.rewritten("http://app.test/x", [.ownAddress], endpoint: "10.0.0.7:80") == "/x")
        #expect(try Self.rewritten("http://10.0.0.7/x", [.ownAddress], endpoint: "10.0.0.7:80") == "/x")
    }

    @Test func `An address in IPv6 is written in brackets`() throws {
        let endpoint = "[fd00::7]:8080"
        #expect(try Self.rewritten("http://[fd00::7]:8080/x", [.ownAddress], endpoint: endpoint) == "/x")
        #expect(
            try Self.rewritten(
                "http://[FD00:0::7]:8080/x",
                [.ownAddress],
                to: "[fd00::7]:8080",
                endpoint: endpoint
            )
                == "/x"
        )
    }

    @Test(arguments: [
        ("http://app.internal/x", "/x"), ("http://app.internal:8080/x", "/x"),
        ("http://app.internal:81/x", nil), ("http://app.test:8080/x", "/x"), ("http://app.test/x", nil),
    ])
    func `A host that the rule writes is the endpoint's own`(url: String, expected: String?) throws {
        #expect(try Self.rewritten(url, [.ownAddress], hostHeader: "app.internal") == expected)
    }

    @Test(arguments: [
        ("http://web:8080/app/x", "/x"), ("http://web:8080/app", "/"), ("http://web:8080/app?q", "/?q"),
        ("http://web:8080/apple", nil), ("http://web:8080/x", nil), ("http://web:8080/app//evil.test", nil),
    ])
    func `The default removes the prefix of the target, too`(url: String, expected: String?) throws {
        #expect(try Self.rewritten(url, [.ownAddress], to: "web:8080/app/") == expected)
    }

    // MARK: Pairs

    @Test(arguments: [
        ("http://web:8080/", "/", "http://web:8080/x?y", "/x?y"),
        ("http://web:8080/", "/", "http://web:8081/x", nil),
        (
            "http://web:8080/two/", "http://front/one/", "http://web:8080/two/some/uri/",
            "http://front/one/some/uri/"
        ),
        ("/old/", "/new/", "/old/x", "/new/x"),
        ("http://", "https://", "http://any.test/x", "https://any.test/x"),
        ("http://", "${scheme}://", "http://any.test/x", "http://any.test/x"),
        ("http://web", "https://${request_host}", "http://web/x", "https://app.test/x"),
        ("http://web", "https://${request_host}", "http://web:8443/x", "https://app.test:8443/x"),
        ("http://web", "https://${request_host}", "http://web", "https://app.test"),
        ("http://${request_host}:8080/", "/", "http://app.test:8080/x", "/x"),
        ("/", "/app/", "/x", "/app/x"),
    ])
    func `A beginning is replaced`(from: String, to: String, url: String, expected: String?) throws {
        #expect(try Self.rewritten(url, [.pair(from: from, to: to)]) == expected)
    }

    @Test(arguments: [
        (#"~^(http://[^:]+):\d+(/.+)$"#, "$1$2", "http://some.test:8000/x?y", "http://some.test/x?y"),
        (
            #"~^http://[^/]+:8080(/.*)$"#, "https://${request_host}$1", "http://web:8080/a%20b?c=d&e",
            "https://app.test/a%20b?c=d&e"
        ),
        (
            #"~^http://([a-z]+)\.internal/(.*)$"#, "https://$1.example.org/$2", "http://one.internal/x",
            "https://one.example.org/x"
        ),
        (#"~*^HTTP://WEB/(?<rest>.*)"#, "/${rest}", "http://web/x", "/x"),
        (#"~^http://(.*)$"#, "https://$1", "http://any.test:81/x", "https://any.test:81/x"),
        (
            #"~/user/([^/]+)/(.+)$"#, "http://$1.example.com/$2", "http://web/user/bob/x",
            "http://bob.example.com/x"
        ),
        ("~^/app(/.*)$", "$1", "/app/x", "/x"),
    ])
    func `A pattern is replaced`(from: String, to: String, url: String, expected: String?) throws {
        #expect(try Self.rewritten(url, [.pair(from: from, to: to)]) == expected)
    }

    @Test(arguments: [
        ("http://web:8080/", "/", "http://web:8080//evil.test/"),
        ("http://web:8080", "/", "http://web:8080/evil.test/"),
        ("http://web", "https://www.example.org", "http://web.evil.test/"),
        ("http://web", "https://www.example.org", "http://webevil.test/"),
        ("http://web", "https://www.example.org", "http://web:80@evil.test/"),
        ("http://web", "https://www.example.org:81", "http://web:80/"),
        (#"~^http://web(/.*)$"#, "$1", "http://web//evil.test/"),
        (#"~^http://web/go\?to=(.*)$"#, "$1", "http://web/go?to=https://evil.test/"),
        (#"~^http://web/go\?to=(.*)$"#, "https://$1", "http://web/go?to=evil.test/x"),
        (#"~^http://web/go\?to=(.*)$"#, "https://$1", "http://web/go?to=evil.test"),
        (#"~^http://web/go\?to=([^/]*)(.*)$"#, "https://$1$2", "http://web/go?to=evil.test/x"),
        (#"~^http://web/go\?to=(.*)$"#, "https://www.$1/", "http://web/go?to=evil.test"),
        (#"~^http://web/(.*)$"#, "https://www.example.org$1", "http://web/.evil.test/"),
        (#"~^http://web/(.*)$"#, "https://$1.example.org/", "http://web/evil.test/"),
        (#"~^/app(.*)$"#, "$1", "/app/\\evil.test"), ("/app/", "/", "/app/\tx"),
    ])
    func `Nothing leads to a host that neither the rule nor the endpoint wrote`(
        from: String,
        to: String,
        url: String
    ) throws {
        #expect(try Self.rewritten(url, [.pair(from: from, to: to)]) == nil)
    }

    @Test func `The first that fits is applied, also where it changes nothing`() throws {
        let rewrites: [LocationRewrite] = [
            .pair(from: "http://web:8080/a/", to: "/b/"), .ownAddress, .pair(from: "/", to: "/c/"),
        ]
        #expect(try Self.rewritten("http://web:8080/a/x", rewrites) == "/b/x")
        #expect(try Self.rewritten("http://web:8080/x", rewrites) == "/x")
        #expect(try Self.rewritten("/x", rewrites) == "/c/x")
        #expect(try Self.rewritten("http://web:8080//x", rewrites) == nil)
    }

    // MARK: Captures of the request

    @Test func `Captures of the request are filled in`() throws {
        let rewrites: [LocationRewrite] = [.pair(from: "http://${app}.internal/", to: "https://${app}.test/")]
        func ask(_ url: String) throws -> String? {
            try Self.rewritten(url, rewrites, host: "shop.test", rule: #"~(?<app>[a-z]*)\.test"#)
        }
        #expect(try ask("http://shop.internal/x") == "https://shop.test/x")
        #expect(try ask("http://wiki.internal/x") == nil)
    }

    @Test func `Captures that make no valid URL change nothing`() throws {
        let rewrites: [LocationRewrite] = [.pair(from: "http://web/", to: "https://${p}/")]
        func ask(_ uri: String) throws -> String? {
            try Self.rewritten("http://web/x", rewrites, path: "~(?s)^/(?<p>.*)$", uri: uri)
        }
        #expect(try ask("/good.test") == "https://good.test/x")
        #expect(try ask("/") == nil)
        #expect(try ask("/a/b") == nil)
        #expect(try ask("/a%0d%0ab") == nil)
    }

    @Test func `What depends on the host alone is remembered`() throws {
        func alone(_ rewrite: LocationRewrite) throws -> Bool {
            let rule = RuleDefinition.rule(host: "~(?<a>.+)", to: "web") { $0.rewriteLocation = [rewrite] }
            return try Ask("x").of(RouteTable(rule)).dependsOnHostAlone
        }
        #expect(try alone(.ownAddress))
        #expect(try alone(.pair(from: "~^http://([^/]+)/", to: "https://$1/${a}/")))
        #expect(try !alone(.pair(from: "http://web/", to: "${scheme}://web/")))
    }

    // MARK: Errors

    @Test(arguments: [
        ("web:8080/", "/", "from", "no URL in a response begins with this"),
        ("", "/", "from", "no URL in a response begins with this"),
        ("~(", "/", "from", "missing closing parenthesis"),
        ("http://web/", "x", "to", "the URL begins neither with `scheme://` nor with `/`"),
        ("http://web/", "https:///x", "to", "the URL has no host"),
        ("http://web/", "$1", "to", "the rule has no pattern, so it captures nothing"),
        ("~^/(.*)$", "/$2", "to", "there is no group 2: the pattern has 1 group"),
        ("~^/(.*)$", "/${nothing}", "to", "no pattern captures `nothing`"),
        ("~^/(?<uri>.*)$", "/", "from", "`uri` is a template variable: a group cannot have that name"),
    ])
    func `An item that cannot work is an error`(from: String, to: String, key: String, message: String) {
        let rule = RuleDefinition.rule { $0.rewriteLocation = [.ownAddress, .pair(from: from, to: to)] }
        let error = #expect(throws: RouteTableError.self) { _ = try RouteTable(rule) }
        #expect(error?.issues.first?.key == "rewrite_location.1.\(key)")
        #expect(error?.issues.first?.message == message)
    }

    @Test func `A rule that does not forward has nothing to rewrite`() {
        var rule = RuleDefinition(name: "r", action: .respond(status: 403))
        rule.rewriteLocation = [.ownAddress]
        let error = #expect(throws: RouteTableError.self) { _ = try RouteTable(rule) }
        #expect(error?.issues.map(\.key) == ["rewrite_location"])
    }
}
