import Routing
import Testing

@Suite struct ConditionTests {
    @Test func `Methods are exact and case-sensitive`() throws {
        let table = try RouteTable(.rule { $0.methods = ["GET", "HEAD"] })
        #expect(try table.ask("a").target == "rule")
        #expect(try table.ask("a", method: "HEAD").target == "rule")
        for method in ["get", "POST", "GETX", "GE"] {
            #expect(try table.ask("a", method: method).refusal == .noRule)
        }
    }

    @Test func `Clients must be in one of the blocks`() throws {
        let blocks = try ["10.0.0.0/8", "fd00::/8"].map { try #require(CIDR($0)) }
        let table = try RouteTable(.rule { $0.clients = blocks })
        for (client, matches) in [
            "10.1.2.3": true, "::ffff:10.1.2.3": true, "fd00::1": true, "11.0.0.1": false, "fe80::1": false,
        ] {
            var ask = Ask("a")
            ask.client = client
            #expect(try (ask.of(table).forward != nil) == matches, "\(client)")
        }
    }

    @Test(arguments: [
        ("yes", ["yes"], true), ("yes", ["no", "yes"], true), ("yes", ["YES"], false),
        ("yes", ["yes "], false), ("yes", [], false),
        ("~^(yes|1)$", ["1"], true), ("~^(yes|1)$", ["11"], false), ("~es", ["yes"], true),
        ("~ES", ["yes"], false), ("~*ES", ["yes"], true),
        ("*", [""], true), ("*", ["x"], true), ("*", [], false), ("", [""], true), ("", ["x"], false),
    ])
    func `A header condition asks each field of the name`(value: String, fields: [String], matches: Bool)
        throws
    {
        let table = try RouteTable(.rule { $0.headers = [HeaderMatch(name: "X-Beta", value: value)] })
        var ask = Ask("a")
        ask.headers = [("other", "yes")] + fields.map { ("x-beta", $0) }
        #expect(try (ask.of(table).forward != nil) == matches)
    }

    @Test func `All header conditions must hold`() throws {
        let table = try RouteTable(
            .rule { $0.headers = [HeaderMatch(name: "A", value: "1"), HeaderMatch(name: "B", value: "*")] }
        )
        var ask = Ask("a")
        ask.headers = [("A", "1")]
        #expect(try ask.of(table).refusal == .noRule)
        ask.headers.append(("b", ""))
        #expect(try ask.of(table).target == "rule")
    }

    @Test func `A match limit refuses at once, whatever comes after`() throws {
        let bad = "~(a+)+[bc]"
        let host = String(repeating: "a", count: 60)
        let table = try RouteTable([.rule("bad", host: bad), .rule("rest")])
        let decision = try table.ask(host)
        #expect(decision.refusal == .matchLimit)
        #expect(decision.ruleName == "bad")
        #expect(decision.dependsOnHostAlone)
        guard case .refuse(let refusal) = decision.outcome else { return }
        #expect(refusal.status == 500)
        #expect(refusal.reason.token == "match_limit")
        #expect(refusal.ruleName == "bad")

        let path = try RouteTable([.rule("bad", path: "~^/(a+)+[bc]$"), .rule("rest")])
        let second = try path.ask("a", "/" + String(repeating: "a", count: 200))
        #expect(second.refusal == .matchLimit)
        #expect(!second.dependsOnHostAlone)

        let header = try RouteTable([
            .rule("bad") { $0.headers = [HeaderMatch(name: "x", value: "~^(a+)+[bc]$")] }, .rule("rest"),
        ])
        var ask = Ask("a")
        ask.headers = [("x", String(repeating: "a", count: 200))]
        #expect(try ask.of(header).refusal == .matchLimit)

        let rewrite = try RouteTable([
            .rule("bad") { $0.rewritePath = PathRewrite(match: "^/(a+)+[bc]$", with: "/x") }, .rule("rest"),
        ])
        #expect(try rewrite.ask("a", "/" + String(repeating: "a", count: 200)).refusal == .matchLimit)
    }

    @Test func `A decision may be remembered per host only if nothing else had a say`() throws {
        func remembered(_ rules: RuleDefinition..., host: String = "x") throws -> Bool {
            try RouteTable(rules).ask(host).dependsOnHostAlone
        }
        #expect(try remembered(.rule(host: "x")))
        #expect(try remembered(.rule(host: "~(?<a>.*)", to: "$a-${request_host}:80")))
        #expect(try remembered(.rule(host: "y", path: "/p"), host: "x"))
        #expect(try remembered(.rule("a", host: "y", path: "/p"), .rule("b", host: "x")))
        #expect(try !remembered(.rule("a", path: "/p"), .rule("b", host: "x")))
        #expect(try !remembered(.rule("a", host: "x") { $0.methods = ["POST"] }, .rule("b", host: "x")))
        #expect(try !remembered(.rule("a", host: "x", path: "/p")))
        #expect(try !remembered(.rule(path: "/")))
        #expect(try !remembered(.rule(to: "a/prefix")))
        #expect(try !remembered(.rule(to: "a-$method")))
        #expect(try !remembered(.rule { $0.rewritePath = PathRewrite(match: "a", with: "/b") }))
        #expect(
            try remembered(.rule { $0.setHeaders = [HeaderSetting(name: "X", value: "${request_host}")] })
        )
        #expect(try !remembered(.rule { $0.setHeaders = [HeaderSetting(name: "X", value: "${uri}")] }))
        #expect(try !remembered(.rule { $0.setHeaders = [HeaderSetting(name: "X", value: "${scheme}")] }))
        #expect(try remembered(.rule { $0.hostHeader = "inner" }))
        #expect(try !remembered(RuleDefinition(name: "r", action: .redirect(to: "https://a${uri}"))))
        #expect(try remembered(RuleDefinition(name: "r", action: .redirect(to: "https://a/"))))
        #expect(try remembered(RuleDefinition(name: "r", action: .respond(status: 403))))
        #expect(try remembered())
    }

    @Test func `A trace says which condition decided, rule by rule`() throws {
        let origin = SourceLocation(file: "rules.yaml", line: 3, column: 5)
        var first = RuleDefinition.rule("host", host: #"~^([a-z]+)_([0-9]{2})\.priv$"#)
        first.origin = origin
        let table = try RouteTable([
            first, .rule("exact", host: "b"), .rule("method") { $0.methods = ["POST"] },
            .rule("client") { $0.clients = [CIDR("10.0.0.0/8")].compactMap { $0 } },
            .rule("path", path: "~^/api/v[0-9]/"), .rule("prefix", path: "/api/"),
            .rule("header") { $0.headers = [HeaderMatch(name: "X-Beta", value: "1")] }, .rule("last"),
            .rule("never"),
        ])
        var trace = RouteTrace()
        let decision = try Ask("shop_0x.priv", "/apx").of(table, scratch: RouteScratch(), trace: &trace)
        #expect(decision.ruleName == "last")
        #expect(
            trace.steps.map(\.ruleName) == [
                "host", "exact", "method", "client", "path", "prefix", "header", "last",
            ]
        )
        #expect(trace.steps.map(\.ruleIndex) == Array(0...7))
        #expect(trace.steps.first?.origin == origin)
        #expect(
            trace.steps.map(\.result) == [
                .host(matchedPrefix: 6), .host(matchedPrefix: nil), .method, .client, .path(matchedPrefix: 3),
                .path(matchedPrefix: nil),
                .header(name: "X-Beta"), .matched,
            ]
        )
        var malformed = RouteTrace()
        _ = try Ask("b.c", "/%").of(
            try RouteTable(.rule(path: "/")),
            scratch: RouteScratch(),
            trace: &malformed
        )
        #expect(malformed.steps.map(\.result) == [.malformedPath])
        var limit = RouteTrace()
        _ = try Ask(String(repeating: "a", count: 60)).of(
            try RouteTable(.rule(host: "~(a+)+[bc]")),
            scratch: RouteScratch(),
            trace: &limit
        )
        #expect(limit.steps.map(\.result) == [.limit])
    }
}

@Suite struct SpelledOutRequestTests {
    @Test func `A request that is spelled out gets the same decision`() throws {
        let table = try RouteTable([
            .rule("beta", path: "/api/") { $0.headers = [HeaderMatch(name: "X-Beta", value: "1")] },
            .rule("rest"),
        ])
        let host = try HostName("a")
        let client = try #require(IPAddress("::1"))
        let fields = [(name: "x-BETA", value: "0"), (name: "X-Beta", value: "1")]
        let beta = table.decide(host: host, target: "/api/x", client: client, headers: fields)
        #expect(beta.ruleName == "beta")
        #expect(table.decide(host: host, target: "/api/x", client: client).ruleName == "rest")
    }
}
