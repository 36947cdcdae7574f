import Routing
import TestSupport
import Testing

@Suite struct HostMatchingTests {
    @Test func `The first rule that matches wins`() throws {
        let table = try RouteTable([
            .rule("a", host: "a.test.priv"), .rule("any-test", host: "*.test.priv"),
            .rule("pattern", host: "~.*"), .rule("rest"),
        ])
        #expect(try table.ask("a.test.priv").ruleName == "a")
        #expect(try table.ask("b.test.priv").ruleName == "any-test")
        #expect(try table.ask("test.priv").ruleName == "pattern")
        #expect(try table.ask("test.priv").ruleIndex == 2)
    }

    @Test func `An exact host matches in any case, with port and trailing dot, and nothing else`() throws {
        let table = try RouteTable(.rule(host: "WWW.test.priv."))
        for host in ["www.test.priv", "WWW.TEST.PRIV", "www.test.priv.", "www.test.priv:81"] {
            #expect(try table.ask(host).target == "rule", "\(host)")
        }
        for host in [
            "xwww.test.priv", "www.test.privx", "www.test.priv.evil.example", "test.priv", "a.www.test.priv",
        ] {
            #expect(try table.ask(host).refusal == .noRule, "\(host)")
        }
    }

    @Test func `A wildcard stands for one or more whole labels`() throws {
        let table = try RouteTable(.rule(host: "*.test.priv"))
        for host in ["a.test.priv", "a.b.test.priv", "A.Test.Priv.:80"] {
            #expect(try table.ask(host).target == "rule", "\(host)")
        }
        for host in ["test.priv", "atest.priv", "a.test.priv.evil.example", "a.test.privx"] {
            #expect(try table.ask(host).refusal == .noRule, "\(host)")
        }
    }

    @Test(arguments: [
        #"~test\.priv"#, #"~^test\.priv"#, #"~test\.priv$"#, #"~^test\.priv$"#, #"~TEST\.priv|x"#,
        "~test.priv",
    ])
    func `A pattern matches the whole host or not at all`(pattern: String) throws {
        let table = try RouteTable(.rule(host: pattern))
        #expect(try table.ask("Test.Priv").target == "rule")
        for host in [
            "test.priv.evil.example", "evil.test.priv", "eviltest.priv", "test.privevil", "test.priv.x",
        ] {
            #expect(try table.ask(host).refusal == .noRule, "\(pattern) let \(host) in")
        }
    }

    /// More requests than the interpreter serves before there is machine code.
    @Test func `A pattern with a verb matches the whole host or not at all, always`() throws {
        let table = try RouteTable(.rule(host: #"~internal\.(*SKIP)(*FAIL)|[a-z]+\.test"#))
        let plain = try RouteTable(.rule(host: #"~(*NO_JIT)[a-z]+\.test"#))
        for _ in 0..<20 {
            #expect(try table.ask("shop.test").target == "rule")
            #expect(try table.ask("internal.shop.test").refusal == .noRule)
            #expect(try plain.ask("shop.test").target == "rule")
            #expect(try plain.ask("internal.shop.test").refusal == .noRule)
        }
    }

    @Test func `A verb ends no match of a path or a field before the end that the pattern names`() throws {
        let path = try RouteTable(.rule(path: #"~^/api/(?:[a-z]+(*ACCEPT)|x)$"#))
        var rule = RuleDefinition.rule()
        rule.headers = [HeaderMatch(name: "X-Key", value: #"~^[a-z]+(*ACCEPT)$"#)]
        let field = try RouteTable(rule)
        for _ in 0..<20 {
            #expect(try path.ask("a", "/api/users").target == "rule")
            #expect(try path.ask("a", "/api/users/admin").refusal == .noRule)
            for (value, target) in [("abc", "rule"), ("abc;x", nil)] as [(String, String?)] {
                var request = Ask("a")
                request.headers = [(name: "X-Key", value: value)]
                #expect(try request.of(field).target == target)
            }
        }
    }

    @Test func `An IPv6 literal is matched in its normalised text`() throws {
        let table = try RouteTable(.rule(host: "[2001:db8:0::1]"))
        #expect(try table.ask("[2001:DB8::1]:80").target == "rule")
        #expect(try table.ask("[2001:db8::2]").refusal == .noRule)
    }

    @Test func `The hostname scheme is taken apart`() throws {
        let scheme = #"~^(?<app>[a-z0-9]+)_(?<container>[a-z0-9]+)_(?<host>[0-9]{2})\.test\.priv$"#
        let table = try RouteTable(.rule("saas", host: scheme, to: "host_${host}:9000"))
        let decision = try table.ask("Wordpress_container001_01.test.priv:8080")
        #expect(decision.target == "host_01:9000")
        #expect(decision.captures.map(\.name) == ["app", "container", "host"])
        #expect(decision.captures.map(\.value) == ["wordpress", "container001", "01"])
        #expect(decision.captures["container"] == "container001")
        #expect(decision.captures["nothing"] == nil)
        #expect(decision.dependsOnHostAlone)
        #expect(decision.forward?.requestTarget == nil)
        #expect(decision.description == "rule saas: forward to host_01:9000")
        let nothing = try table.ask("nothing.example")
        #expect(nothing.refusal == .noRule)
        #expect(nothing.dependsOnHostAlone)
        #expect(nothing.description == "no rule: refused, 404 no_rule")
    }

    @Test func `A decision's captures are its own`() throws {
        let table = try RouteTable([
            .rule("x", host: "~(x+)-(?<b>[0-9]+)", to: "$b"),
            .rule("y", host: "~(?<a>[a-z]+)", path: "~^/(?<p>.*)", to: "$a"),
        ])
        let scratch = RouteScratch()
        let first = try Ask("xxx-42").of(table, scratch: scratch)
        let other = try Ask("abc", "/some/path").of(table, scratch: scratch)
        for number in 0..<200 {
            _ = try Ask("x-\(number)").of(table, scratch: scratch)
            _ = try Ask("zzzzzzzzzz", "/\(number)").of(table, scratch: scratch)
            _ = try Ask("-").of(table, scratch: scratch)
        }
        #expect(first.captures.map(\.value) == ["xxx", "42"])
        #expect(first.target == "42")
        #expect(other.captures.map(\.value) == ["abc", "some/path"])
        #expect(other.captures.map(\.pattern) == [.host, .path])
        #expect(other.captures.map(\.number) == [1, 1])
    }

    @Test func `Exact and wildcard hosts agree with their definition, whatever the names`() throws {
        let seed = TestSeed.make(for: #function)
        var random = SeededRandom(seed: seed)
        let pieces = ["a", "b", ".", "a.b", "-", "_", "ab"]
        for _ in 0..<3_000 {
            let name = random.text(pieces, 1...5)
            let host = random.text(pieces, 1...7)
            guard let name = try? HostName(name), let host = try? HostName(host) else { continue }
            let exact = try RouteTable(.rule(host: name.text)).ask(host.text).forward != nil
            let wildcard = try RouteTable(.rule(host: "*." + name.text)).ask(host.text).forward != nil
            let labels = host.text.split(separator: ".")
            let suffix = name.text.split(separator: ".")
            #expect(exact == (labels == suffix), "seed \(seed): \(name), \(host)")
            let expected = labels.count > suffix.count && Array(labels.suffix(suffix.count)) == suffix
            #expect(wildcard == expected, "seed \(seed): *.\(name), \(host)")
        }
    }
}
