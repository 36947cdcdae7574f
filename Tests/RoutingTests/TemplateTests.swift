import Routing
import Testing

@Suite struct TemplateTests {
    private static func value(
        _ template: String,
        host: String? = "~^(?<a>.+)-(?<b>.+?)(x(?<c>y))?$",
        path: String? = nil,
        _ ask: Ask
    ) throws -> Decision {
        let rule = RuleDefinition.rule(host: host, path: path) {
            $0.setHeaders = [HeaderSetting(name: "X-T", value: template)]
        }
        return try ask.of(RouteTable(rule))
    }

    @Test(arguments: [
        ("plain", "plain"), ("$a", "one"), ("${a}b", "oneb"), ("$a$b", "onetwo"), ("$1/${2}", "one/two"),
        ("[$c]", "[]"), ("$$a", "$a"), ("$$$$", "$$"), ("a$$$b", "a$two"),
        ("${uri}", "/p/../q%20?x=1&y"), ("${path}", "/p/../q%20"), ("$query", "x=1&y"), ("${method}", "GET"),
        ("$scheme", "http"), ("${request_host}", "one-two"),
        ("$0", "one-two"), ("", ""), ("a\tb", "a\tb"), ("ü $a", "ü one"),
    ])
    func `A template is filled in`(template: String, value: String) throws {
        #expect(
            try Self.value(template, Ask("One-two.:80", "/p/../q%20?x=1&y")).setHeaders == ["X-T: \(value)"]
        )
    }

    @Test func `A request without path or query has an empty one`() throws {
        #expect(try Self.value("${uri},${path},${query}", Ask("a-b", "")).setHeaders == ["X-T: /,/,"])
        #expect(
            try Self.value("${uri},${path},${query}", Ask("a-b", "?q?r")).setHeaders == ["X-T: /?q?r,/,q?r"]
        )
        #expect(try Self.value("${uri},${path},${query}", Ask("a-b", "/?")).setHeaders == ["X-T: /?,/,"])
        #expect(try Self.value("${uri}", Ask("a-b", "*", method: "OPTIONS")).setHeaders == ["X-T: *"])
    }

    @Test(arguments: [("/a?x=1", "?x=1"), ("/a?", ""), ("/a", ""), ("?", ""), ("/a??", "??")])
    func `The query part has its question mark only with a query`(target: String, value: String) throws {
        #expect(try Self.value("[${query_part}]", Ask("a-b", target)).setHeaders == ["X-T: [\(value)]"])
    }

    @Test(arguments: [("/a?x", "/p/a?x"), ("/a?", "/p/a"), ("/a", "/p/a")])
    func `A path that a rule changes keeps its question mark only with a query`(
        target: String,
        sent: String
    ) throws {
        let rule = RuleDefinition.rule { $0.action = .forward(to: "web/p") }
        #expect(try Ask("x", target).of(RouteTable(rule)).requestTarget == sent)
    }

    @Test func `A field value never gets a control byte`() throws {
        for bad in ["%0d", "%0a", "%0D%0ASet-Cookie:x", "%7f", "%01", "%1f"] {
            let decision = try Self.value("$p", host: nil, path: "~(?s)^/(?<p>.*)$", Ask("a", "/x" + bad))
            #expect(decision.refusal == .unsafeHeader, "\(bad)")
        }
        #expect(
            try Self.value("$p", host: nil, path: "~(?s)^/(?<p>.*)$", Ask("a", "/a%09b%C3%BC")).setHeaders
                == ["X-T: a\tbü"]
        )
        #expect(try Self.value("${uri}", host: nil, Ask("a", "/\n")).refusal == .unsafeHeader)
    }

    @Test func `Names are found in both patterns, numbers in the one there is`() throws {
        let both = try Self.value("$a-$p", host: "~(?<a>.*)", path: "~^/(?<p>[a-z]*)", Ask("host", "/path/x"))
        #expect(both.setHeaders == ["X-T: host-path"])
        #expect(both.captures.map(\.name) == ["a", "p"])
        #expect(
            try Self.value("$1", host: "exact", path: "~^/([a-z]*)", Ask("exact", "/path/x")).setHeaders == [
                "X-T: path"
            ]
        )
        #expect(
            try Self.value("$1", host: "~(.*)", path: "/", Ask("exact", "/path/x")).setHeaders == [
                "X-T: exact"
            ]
        )
    }

    @Test func `Several groups may share a name, and the one that took part counts`() throws {
        let host = "~(?J)(?:a-(?<n>[0-9]+)|b-(?<n>[0-9]+))"
        #expect(try Self.value("$n", host: host, Ask("a-1")).setHeaders == ["X-T: 1"])
        #expect(try Self.value("$n", host: host, Ask("b-2")).setHeaders == ["X-T: 2"])
    }

    @Test(arguments: [
        ("inner.priv", "inner.priv"), ("$a.priv:80", "one.priv:80"), ("${request_host}", "one-two"),
        ("keep", nil),
    ])
    func `The host field is kept, or comes of a template`(template: String, host: String?) throws {
        let rule = RuleDefinition.rule(host: "~^(?<a>.+)-(?<b>.+)$") { $0.hostHeader = template }
        let header = try RouteTable(rule).ask("One-Two:81").forward?.hostHeader
        #expect(header.map { String(decoding: $0, as: UTF8.self) } == host)
    }

    @Test func `The host field is a host, whatever is captured`() throws {
        let rule = RuleDefinition.rule(path: "~(?s)^/x(?<p>.*)$") { $0.hostHeader = "$p" }
        let table = try RouteTable(rule)
        for bad in ["", "a%20b", "a%0d%0ab", "a..b", "%5B::1%5D", "a:80", "a@b"] {
            #expect(try table.ask("a", "/x" + bad).refusal == .unsafeHeader, "\(bad)")
        }
        let literal = try RouteTable(.rule { $0.hostHeader = "${request_host}" }).ask("[::1]:80").forward?
            .hostHeader
        #expect(literal == Array("[::1]".utf8))
    }
}

@Suite struct RedirectTests {
    private static func redirect(_ to: String, host: String? = nil, path: String? = nil) throws -> RouteTable
    {
        try RouteTable(
            RuleDefinition(name: "rule", host: host, path: path, action: .redirect(to: to, status: 308))
        )
    }

    @Test(arguments: [
        ("https://new.test.priv${uri}", "https://new.test.priv/a//b%20?q=1"),
        ("https://new.test.priv/", "https://new.test.priv/"),
        ("${scheme}://new.test.priv${path}", "http://new.test.priv/a//b%20"),
        ("https://${request_host}${uri}", "https://old-x.priv/a//b%20?q=1"),
        ("https://$a.priv/x/$a?y=$a", "https://old.priv/x/old?y=old"),
        ("https://$a.priv:8443/", "https://old.priv:8443/"), ("/moved/$a", "/moved/old"),
        ("//$a.priv/", "//old.priv/"), ("/x?${query}", "/x?q=1"), ("https://a/?u=$a#f", "https://a/?u=old#f"),
        ("https://a/$1", "https://a/old"),
    ])
    func `A location comes of its template`(to: String, location: String) throws {
        let decision = try Self.redirect(to, host: "~^(?<a>[a-z]+)-.*$").ask("OLD-x.priv", "/a//b%20?q=1")
        #expect(decision.location == location)
        guard case .redirect(308, _) = decision.outcome else {
            Issue.record("\(decision.outcome)")
            return
        }
    }

    @Test func `A capture is encoded where it stands in a URL`() throws {
        let table = try Self.redirect("https://a/$p", path: "~(?s)^/(?<p>.*)$")
        #expect(
            try table.ask("a", "/x%20y%0d%0aSet-Cookie:z%3F%23%25%22/é").location
                == "https://a/x%20y%0D%0ASet-Cookie:z%3F%23%25%22/%C3%A9"
        )
    }

    @Test func `A capture in the authority is bytes of a host name`() throws {
        let table = try Self.redirect("https://$p.test.priv/", path: "~(?s)^/(?<p>.*)$")
        #expect(try table.ask("a", "/shop").location == "https://shop.test.priv/")
        for bad in ["evil.example/", "evil.example%23", "user@evil.example", "evil%3A80", "evil%5C"] {
            #expect(try table.ask("a", "/" + bad).refusal == .unsafeTarget, "\(bad)")
        }
    }

    @Test(arguments: [
        ("https://${d}${uri}", "shop-", "/evil.example/x"), ("//${d}${uri}", "shop-", "/evil.example/x"),
        ("${scheme}://${d}${path}", "shop-", "/evil.example/x"), ("https://${d}/", "shop-", "/"),
        ("https://${d}", "shop-", "/"), ("https://${d}:8443${uri}", "shop-", "/"),
        ("https://${d}?x", "shop-", "/"), ("https://www.${d}${uri}", "shop-", "/x"),
        ("https://www.${d}:80/", "shop-", "/x"), ("https://${d}.example.org/", "shop-", "/"),
        ("https://www.${d}.example.org/", "shop-", "/"), ("https://user@${d}/", "shop-", "/"),
        ("https://www.example.org:${d}/", "shop-evil", "/"), ("https://a.example:${d}/", "shop-99999", "/"),
        ("https://www.example.org${uri}", "shop-", "*"), ("https://${d}${uri}", "shop-a", "*"),
    ])
    func `A host that captures leave empty or invalid is not named`(
        to: String,
        host: String,
        target: String
    ) throws {
        let table = try Self.redirect(to, host: "~^shop-(?<d>.*)$")
        let method = target == "*" ? "OPTIONS" : "GET"
        #expect(try table.ask(host, target, method: method).refusal == .unsafeRedirect)
    }

    @Test(arguments: [
        ("https://${d}example.org${uri}", "shop-", "https://example.org/x"),
        ("https://${d}.${uri}", "shop-a", "https://a./x"),
        ("https://user:x@${d}${uri}", "shop-a", "https://user:x@a/x"),
        ("https://a.example:${d}${uri}", "shop-8443", "https://a.example:8443/x"),
        ("https://www.shop${d}${uri}", "shop-.example", "https://www.shop.example/x"),
        ("https://[::1]${uri}", "shop-", "https://[::1]/x"),
    ])
    func `A host that captures complete is named`(to: String, host: String, location: String) throws {
        #expect(try Self.redirect(to, host: "~^shop-(?<d>.*)$|.*").ask(host, "/x").location == location)
    }

    @Test func `The path does not add to a host that the rule spells out`() throws {
        let table = try Self.redirect("https://www.example.org${rest}", path: "~^/old(?<rest>.*)$")
        #expect(try table.ask("a", "/old/x%20y").location == "https://www.example.org/x%20y")
        #expect(try table.ask("a", "/old").location == "https://www.example.org")
        for bad in [".evil.example", ".evil.example/", "evil", "-x"] {
            #expect(try table.ask("a", "/old" + bad).refusal == .unsafeRedirect, "\(bad)")
        }
        #expect(try table.ask("a", "/old@evil.example").refusal == .unsafeRedirect)
        let label = try Self.redirect("https://app${n}/x", path: "~^/(?<n>[0-9]*)$")
        #expect(try label.ask("a", "/7").location == "https://app7/x")
    }

    @Test(arguments: [
        "https://${uri}", "${scheme}://${uri}", "https:///x", "//${path}", "https://", "https://?x",
        "https://#x", "https://${query_part}", "https://:80${uri}", "https://user@${uri}",
        "https://a..b/$1", "https://.$1/", "https://a_$1:x/", "https:///${request_host}",
    ])
    func `A redirect whose host is always empty or invalid is an error`(to: String) {
        let error = #expect(throws: RouteTableError.self) {
            try Self.redirect(to, host: "~^(a)$")
        }
        #expect(error?.issues.map(\.key) == ["redirect"])
    }

    @Test func `A redirect to the same host never names another`() throws {
        #expect(try Self.redirect("${uri}").ask("a", "//evil.example/x").refusal == .unsafeRedirect)
        #expect(try Self.redirect("${path}").ask("a", "/\\evil.example/x").refusal == .unsafeRedirect)
        #expect(
            try Self.redirect("/$p", path: "~^/x(?<p>.*)$").ask("a", "/x/evil.example").refusal
                == .unsafeRedirect
        )
        #expect(try Self.redirect("${uri}").ask("a", "*", method: "OPTIONS").refusal == .unsafeRedirect)
        #expect(try Self.redirect("/x${uri}").ask("a", "//evil.example").location == "/x//evil.example")
    }

    @Test func `An IPv6 host may be named again`() throws {
        #expect(
            try Self.redirect("https://${request_host}${uri}").ask("[::1]:80", "/x").location
                == "https://[::1]/x"
        )
    }

    @Test func `An answer of the proxy's own is as the rule has it`() throws {
        let action = RuleAction.respond(status: 403, body: "closed $1", contentType: "text/plain")
        let decision = try RouteTable(RuleDefinition(name: "r", host: "*.internal.test.priv", action: action))
            .ask("a.internal.test.priv")
        guard case .respond(403, "text/plain", let body) = decision.outcome else {
            Issue.record("\(decision.outcome)")
            return
        }
        #expect(body == Array("closed $1".utf8))
    }
}
