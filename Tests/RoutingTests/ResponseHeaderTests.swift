import Routing
import Testing

/// `response_headers`, as far as rules decide them.
@Suite struct ResponseHeaderTests {
    private static func lines(
        _ edits: [ResponseHeaderEdit],
        host: String? = nil,
        path: String? = nil,
        _ ask: Ask = Ask("a.test")
    ) throws -> (lines: [String]?, refusal: Refusal.Reason?) {
        let rule = RuleDefinition.rule(host: host, path: path) { $0.responseHeaders = edits }
        let decision = try ask.of(RouteTable(rule))
        return (decision.response?.lines, decision.refusal)
    }

    @Test func `Changes are those of the rule, in its order`() throws {
        let edits = [
            ResponseHeaderEdit(
                set: [HeaderSetting(name: "X-Frame-Options", value: "DENY")],
                add: [HeaderSetting(name: "Vary", value: "Cookie")],
                remove: ["Server"]
            ),
            ResponseHeaderEdit(
                set: [HeaderSetting(name: "Cache-Control", value: "no-store")],
                statuses: StatusSet([404...404, 500...599]),
                changesErrors: true
            ),
        ]
        #expect(
            try Self.lines(edits).lines == [
                "remove server", "set X-Frame-Options: DENY", "add Vary: Cookie",
                "set Cache-Control: no-store (404, 5xx and errors)",
            ]
        )
    }

    @Test func `A rule without changes has none`() throws {
        #expect(try Self.lines([]).lines == nil)
    }

    @Test func `Templates are filled in`() throws {
        let edits = [
            ResponseHeaderEdit(set: [HeaderSetting(name: "X-App", value: "${app} ${request_host} ${path}")])
        ]
        #expect(
            try Self.lines(edits, host: #"~(?<app>.*)\.test"#, Ask("a.test", "/x")).lines == [
                "set X-App: a a.test /x"
            ]
        )
    }

    @Test func `A capture cannot write a line of its own`() throws {
        let edits = [ResponseHeaderEdit(add: [HeaderSetting(name: "X-Path", value: "$p")])]
        for bad in ["%0d%0aSet-Cookie:x", "%0a", "%7f", "%01"] {
            let (lines, refusal) = try Self.lines(edits, path: "~(?s)^/(?<p>.*)$", Ask("a", "/x" + bad))
            #expect(lines == nil && refusal == .unsafeHeader, "\(bad)")
        }
        #expect(
            try Self.lines(edits, path: "~(?s)^/(?<p>.*)$", Ask("a", "/ok")).lines == ["add X-Path: ok"]
        )
    }

    @Test func `Redirects and responses of a rule may have them`() throws {
        for action in [RuleAction.redirect(to: "/x"), .respond(status: 204)] {
            var rule = RuleDefinition(name: "r", action: action)
            rule.responseHeaders = [ResponseHeaderEdit(set: [HeaderSetting(name: "A", value: "b")])]
            #expect(try Ask("x").of(RouteTable(rule)).response?.lines == ["set A: b"])
        }
    }

    @Test func `What depends on the path is not remembered for the host`() throws {
        func alone(_ value: String) throws -> Bool {
            let rule = RuleDefinition.rule(host: "~(?<a>.+)") {
                $0.responseHeaders = [ResponseHeaderEdit(set: [HeaderSetting(name: "X", value: value)])]
            }
            return try Ask("x").of(RouteTable(rule)).dependsOnHostAlone
        }
        #expect(try alone("fixed"))
        #expect(try alone("$a"))
        #expect(try !alone("${path}"))
    }

    @Test(arguments: [
        "Connection", "content-length", "Transfer-Encoding", "Upgrade", "Trailer", "Keep-Alive", "Date",
        "Proxy-Status", "Bad Name", "",
    ])
    func `The framing and the hops are the proxy's`(name: String) {
        let edits = [
            ResponseHeaderEdit(set: [HeaderSetting(name: name, value: "x")]),
            ResponseHeaderEdit(add: [HeaderSetting(name: name, value: "x")]),
            ResponseHeaderEdit(remove: [name]),
        ]
        for edit in edits {
            let rule = RuleDefinition.rule { $0.responseHeaders = [edit] }
            let error = #expect(throws: RouteTableError.self) { _ = try RouteTable(rule) }
            #expect(error?.issues.first?.inName == true)
            #expect(error?.issues.first?.key.hasPrefix("response_headers.0.") == true)
        }
    }

    @Test func `A field is not both set and removed`() {
        let edit = ResponseHeaderEdit(set: [HeaderSetting(name: "X-A", value: "x")], remove: ["x-a"])
        let rule = RuleDefinition.rule { $0.responseHeaders = [edit] }
        let error = #expect(throws: RouteTableError.self) { _ = try RouteTable(rule) }
        #expect(error?.issues.map(\.key) == ["response_headers.0.remove.0"])
    }

    @Test(arguments: [
        ("404", 404...404), ("5xx", 500...599), ("2xx", 200...299), ("200-299", 200...299),
        ("302-302", 302...302),
    ])
    func `Statuses are single, a class, or a range`(text: String, range: ClosedRange<Int>) {
        #expect(StatusSet.range(text) == range)
    }

    @Test(arguments: [
        "", "99", "199", "600", "1xx", "6xx", "xxx", "2XX", "200-", "-200", "300-200", "200-300-400", "20x",
    ])
    func `Other texts are no statuses`(text: String) {
        #expect(StatusSet.range(text) == nil)
    }
}
