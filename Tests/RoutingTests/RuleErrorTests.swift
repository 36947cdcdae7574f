import Routing
import Testing

@Suite struct RuleErrorTests {
    private static func issues(_ rules: RuleDefinition...) -> [RuleIssue] {
        do {
            _ = try RouteTable(rules)
            return []
        } catch {
            return error.issues
        }
    }

    /// The key and the text that is meant, of the only issue.
    private static func place(_ rule: RuleDefinition, _ text: String) -> String {
        let issues = issues(rule)
        guard issues.count == 1, let issue = issues.first else { return "\(issues.count) issues: \(issues)" }
        guard let range = issue.range else { return "\(issue.key)" }
        return
            "\(issue.key) \(range.lowerBound) '\(String(decoding: Array(text.utf8)[range], as: UTF8.self))'"
    }

    @Test(arguments: [
        ("~^(a", "host 4 ''"), ("~*abc", "host 1 ''"), ("a b", "host 1 ' '"), ("*.a_*b", "host 4 '*'"),
        ("*", "host 0 '*'"), ("www.*", "host 4 '*'"), ("a..b", "host"),
        ("a:80", "host"), ("", "host"), ("*.", "host"), ("~(?<uri>a)", "host 4 'uri'"),
        ("~(*UTF)a", "host 7 ''"), ("*.[::1]", "host"),
    ])
    func `A broken host is shown where it breaks`(host: String, place: String) {
        #expect(Self.place(.rule(host: host), host) == place)
    }

    @Test(arguments: [
        ("x", "path 0 ''"), ("^~ /x", "path 0 ''"), ("=x", "path 0 ''"), ("~[", "path 2 ''"),
        ("~*(", "path 3 ''"), ("/a//b", "path"), ("/a%20", "path"), ("/../a", "path"), ("", "path 0 ''"),
        ("~(?<method>x)", "path 4 'method'"),
    ])
    func `A broken path is shown where it breaks`(path: String, place: String) {
        #expect(Self.place(.rule(path: path), path) == place)
    }

    @Test(arguments: [
        ("$nope", "to 0 '$nope'"), ("x${nope}:80", "to 1 '${nope}'"), ("x$", "to 1 '$'"),
        ("${a", "to 0 '${a'"), ("$3", "to 0 '$3'"), ("$99999999999999999999", "to 0 '$99999999999999999999'"),
        ("api:$1", "to 3 ':$1'"), ("api:8$1", "to 3 ':8$1'"), ("api:0", "to 3 ':0'"), ("api:x", "to 3 ':x'"),
        ("api:", "to 3 ':'"), ("api:65536/x", "to 3 ':65536'"), ("ftps://api", "to 0 'ftps'"),
        ("ftp://api", "to 0 'ftp'"), ("a b", "to 0 'a b'"), ("", "to 0 ''"), ("/x", "to 0 ''"),
        (":80", "to 0 ''"), ("a b$1", "to 1 ' '"), ("api/x?y", "to 5 '?'"), ("api/$1#", "to 6 '#'"),
        ("${uri}", "to 0 '${uri}'"),
        ("api/${path}", "to 4 '${path}'"), ("api/../x", "to 0 ''"), ("[::1", "to 0 '['"),
        ("[::g]:80", "to 0 '[::g]'"), ("$1@b", "to 2 '@'"), ("a..b", "to 0 'a..b'"), ("${}", "to 0 '${'"),
        ("[$1]", "to 0 '['"),
    ])
    func `A broken target is shown where it breaks`(to: String, place: String) {
        #expect(Self.place(.rule(host: "~(a)(?<b>b)", to: to), to) == place)
    }

    @Test(arguments: [
        ("new.test.priv/", "redirect 0 ''"), ("$1/x", "redirect 0 ''"), ("", "redirect 0 ''"),
        ("https://a/ b", "redirect 10 ' '"), ("https://a/\u{7}", "redirect 10 '\u{7}'"),
        ("https://$nope/", "redirect 8 '$nope'"),
        ("https://${query}/", "redirect 8 '${query}'"), ("javascript:$1", "redirect 0 ''"),
        ("${method}://x", "redirect 0 ''"), ("https://a\\b", "redirect 9 '\\'"),
    ])
    func `A broken redirect is shown where it breaks`(to: String, place: String) {
        #expect(Self.place(RuleDefinition(name: "r", host: "~(a)", action: .redirect(to: to)), to) == place)
    }

    @Test func `A number is ambiguous where both patterns capture`() {
        let issues = Self.issues(.rule(host: "~(a)", path: "~(b)", to: "x$1"))
        #expect(issues.map(\.key) == ["to"])
        #expect(issues.first?.hint?.contains("name the groups") == true)
    }

    @Test func `A name belongs to one pattern`() {
        #expect(Self.place(.rule(host: "~(?<n>a)", path: "~^/(?<n>b)"), "~^/(?<n>b)") == "path 6 'n'")
        let rule = RuleDefinition.rule(host: "~(?<n>a)") {
            $0.rewritePath = PathRewrite(match: "(?'n'b)", with: "/$n")
        }
        #expect(Self.place(rule, "(?'n'b)") == "rewrite_path.match 3 'n'")
    }

    @Test(arguments: [
        "Connection", "transfer-encoding", "Content-Length", "Upgrade", "TE", "trailer", "keep-alive",
        "proxy-connection", "Expect", "http2-settings", "Via", "proxy-status", "Host", "a b", "", "x:",
    ])
    func `Fields that are the proxy's own, and what no field is, cannot be set or removed`(name: String) {
        let set = Self.issues(.rule { $0.setHeaders = [HeaderSetting(name: name, value: "x")] })
        #expect(set.map(\.key) == ["set_headers.\(name)"])
        #expect(set.first?.inName == true)
        #expect((set.first?.hint == "use `host_header`") == (name == "Host"))
        #expect(Self.issues(.rule { $0.removeHeaders = ["ok", name] }).map(\.key) == ["remove_headers.1"])
    }

    @Test func `Values and names elsewhere are checked too`() {
        #expect(
            Self.place(.rule { $0.setHeaders = [HeaderSetting(name: "X", value: "a\r\nb")] }, "a\r\nb")
                == "set_headers.X 1 '\r'"
        )
        #expect(
            Self.place(.rule { $0.setHeaders = [HeaderSetting(name: "X", value: "$x")] }, "$x")
                == "set_headers.X 0 '$x'"
        )
        #expect(
            Self.place(.rule { $0.headers = [HeaderMatch(name: "X", value: "~(")] }, "~(") == "headers.X 2 ''"
        )
        #expect(
            Self.place(.rule { $0.headers = [HeaderMatch(name: "X Y", value: "1")] }, "1") == "headers.X Y"
        )
        #expect(Self.place(.rule { $0.methods = ["GET", "a b"] }, "") == "methods.1")
        #expect(Self.place(.rule { $0.hostHeader = "a b" }, "a b") == "host_header 0 'a b'")
        #expect(Self.place(.rule { $0.hostHeader = "${uri}" }, "${uri}") == "host_header 0 '${uri}'")
        #expect(
            Self.place(.rule { $0.rewritePath = PathRewrite(match: "(", with: "/") }, "(")
                == "rewrite_path.match 1 ''"
        )
        #expect(
            Self.place(.rule { $0.rewritePath = PathRewrite(match: "a", with: "x") }, "x")
                == "rewrite_path.with 0 ''"
        )
        #expect(
            Self.place(.rule { $0.rewritePath = PathRewrite(match: "a", with: "/$1") }, "/$1")
                == "rewrite_path.with 1 '$1'"
        )
        #expect(
            Self.place(.rule { $0.rewritePath = PathRewrite(match: "a", with: "/${uri}") }, "/${uri}")
                == "rewrite_path.with 1 '${uri}'"
        )
        #expect(
            Self.place(RuleDefinition(name: "r", action: .redirect(to: "/", status: 200)), "") == "status"
        )
        #expect(Self.place(RuleDefinition(name: "r", action: .respond(status: 100)), "") == "respond.status")
        #expect(
            Self.place(RuleDefinition(name: "r", action: .respond(status: 200, contentType: "a\n")), "")
                == "respond.content_type"
        )
        #expect(Self.place(.rule("", to: "a"), "") == "name")
    }

    @Test func `Keys that have no effect are said to have none`() {
        var rule = RuleDefinition(name: "r", action: .respond(status: 204))
        rule.setHeaders = [HeaderSetting(name: "X", value: "1")]
        rule.removeHeaders = ["Y"]
        rule.hostHeader = "z"
        rule.rewritePath = PathRewrite(match: "a", with: "/b")
        #expect(
            Self.issues(rule).map(\.key) == [
                "set_headers.X", "remove_headers.0", "rewrite_path.match", "host_header",
            ]
        )
    }

    @Test func `All that is wrong is said at once, rule by rule`() {
        let issues = Self.issues(
            .rule("a", host: "~(", path: "x"),
            .rule("b"),
            .rule("b", to: "$x") { $0.setHeaders = [HeaderSetting(name: "Via", value: "")] },
            .rule("c", to: "a:x")
        )
        #expect(
            issues.map { "\($0.ruleIndex) \($0.key)" } == [
                "0 host", "0 path", "2 name", "2 to", "2 set_headers.Via", "3 to",
            ]
        )
        #expect(RouteTableError(issues).description.contains("rule 'a': host (at byte 2): "))
    }
}
