import Routing
import TestSupport
import Testing

@Suite struct TargetTests {
    private static let host = "~^(?<a>.*?)-(?<b>.*?)(-(?<c>.*))?$"

    @Test(arguments: [
        ("api", "api"), ("api:8080", "api:8080"), ("API.Priv:80", "api.priv:80"), ("http://api:1", "api:1"),
        ("$a", "one"), ("${a}x:80", "onex:80"),
        ("$a.$b:80", "one.two:80"), ("$1$2", "onetwo"), ("${1}0", "one0"), ("h_${b}:9000", "h_two:9000"),
        ("$a$c", "one"), ("http://$a:80", "one:80"),
        ("127.0.0.1:80", "127.0.0.1:80"), ("[::1]:80", "[::1]:80"), ("[::1]", "[::1]"),
        ("[2001:DB8::1]:1/x", "[2001:db8::1]:1"),
        ("${request_host}", "one-two"), ("${method}x", "getx"), ("$0", "one-two"),
        ("localhost:1", "localhost:1"),
    ])
    func `A target comes of its template`(to: String, target: String) throws {
        let decision = try RouteTable(.rule(host: Self.host, to: to)).ask("One-Two")
        #expect(decision.target == target)
    }

    @Test func `Only an address that the rule spells out is an address`() throws {
        #expect(
            try RouteTable(.rule(to: "127.0.0.1:80")).ask("a").forward?.target.literal
                == IPAddress("127.0.0.1")
        )
        #expect(
            try RouteTable(.rule(to: "[::ffff:127.0.0.1]")).ask("a").forward?.target.literal
                == IPAddress("127.0.0.1")
        )
        let table = try RouteTable(.rule(host: "~^(?<ip>.*)$", to: "$ip:80"))
        let target = try table.ask("169.254.169.254").forward?.target
        #expect(target?.name == "169.254.169.254")
        #expect(target?.literal == nil)
        #expect(
            try RouteTable(.rule(host: "~^(?<n>.*)$", to: "127.0.0.$n")).ask("1").forward?.target.literal
                == nil
        )
    }

    @Test(arguments: [
        "a%20b", "a%0d%0ab", "a%3A80", "a%40b", "a%5Bb", "a%2Fb", "%E2%80%A8", "a%3Fb", "a%23b", "a%5Cb", ".",
        "..", "a..b", ".a", "a.", "%7F", "*",
        String(repeating: "a", count: 64), "",
    ])
    func `A capture puts nothing but a host name into a target`(value: String) throws {
        let table = try RouteTable(.rule(path: "~(?s)^/x(?<name>.*)$", to: "$name:80"))
        let decision = try table.ask("a", "/x" + value)
        #expect(decision.refusal == .unsafeTarget, "\(value)")
        guard case .refuse(let refusal) = decision.outcome else { return }
        #expect(refusal.status == 400)
        #expect(refusal.ruleName == "rule")
    }

    @Test func `A target is a host name, whatever the path holds`() throws {
        let seed = TestSeed.make(for: #function)
        var random = SeededRandom(seed: seed)
        let table = try RouteTable(.rule(path: "~(?s)^/(?<name>.*)$", to: "x$name.priv:80"))
        for _ in 0..<5_000 {
            let path =
                "/"
                + random.text(
                    ["a", "Z", ".", "-", "_", "%0a", "%00", ":", "@", "[", "%2e", "%20", "/", "é", "9"],
                    0...8
                )
            guard let forward = try table.ask("a", path).forward else { continue }
            #expect(try HostName(forward.target.name).text == forward.target.name, "seed \(seed): \(path)")
            #expect(forward.target.port == 80)
        }
    }

    @Test(arguments: [
        ("api/pre", "/x?y=1", "/pre/x?y=1"), ("api/pre/", "/x", "/pre/x"), ("api/", "/x//y", "/x/y"),
        ("api:80/a/b", "/", "/a/b/"), ("api/pre", "/a/../b", "/pre/b"),
        ("api/pre", "/%2e%2e/x", nil), ("api/pre", "/a%20b%2Fc%3F", "/pre/a%20b/c%3F"),
        ("api/pre", "/%C3%A9%25", "/pre/%C3%A9%25"), ("api/pre", "?q", "/pre/?q"),
        ("api/$a", "/x", "/one/x"), ("api/$a/", "/x", "/one/x"), ("api/a-$a", "/x?%zz", "/a-one/x?%zz"),
        ("api/pre", "/;a=1,b@c:d", "/pre/;a=1,b@c:d"), ("api", "/a//b", nil),
    ])
    func `A path in front stands before the normalised path`(to: String, target: String, expected: String?)
        throws
    {
        let decision = try RouteTable(.rule(host: Self.host, to: to)).ask("one-two", target)
        #expect(decision.requestTarget == expected)
        if target.hasPrefix("/%2e") { #expect(decision.refusal == .malformedPath) }
    }

    @Test func `A capture cannot make a path in front climb`() throws {
        let table = try RouteTable(.rule(path: "~^/x(?<p>.*?)/", to: "api/sites/$p"))
        #expect(try table.ask("a", "/x../y").refusal == .unsafePath)
        #expect(try table.ask("a", "/xone/y").requestTarget == "/sites/one/xone/y")
    }

    @Test func `A path is rewritten where the pattern is found`() throws {
        let rule = RuleDefinition.rule(host: "~^(?<app>[a-z]+)$", to: "api") {
            $0.rewritePath = PathRewrite(match: "^/v([0-9]+)/(?<rest>.*)$", with: "/$app/$1/${rest}")
        }
        let table = try RouteTable(rule)
        #expect(try table.ask("shop", "/v12/a%20b//c?q=%20").requestTarget == "/shop/12/a%20b/c?q=%20")
        #expect(try table.ask("shop", "/w12/a%20b//c?q").forward?.requestTarget == nil)
        #expect(try table.ask("shop", "/v1/%25/%3F").requestTarget == "/shop/1/%25/%3F")
        #expect(try table.ask("shop", "/%").refusal == .malformedPath)
        #expect(try table.ask("shop", "*", method: "OPTIONS").forward?.requestTarget == nil)
    }

    @Test func `A rewritten path goes behind the path in front`() throws {
        let rule = RuleDefinition.rule(to: "api/pre") {
            $0.rewritePath = PathRewrite(match: "^/old(/.*)?$", with: "/new$1")
        }
        let table = try RouteTable(rule)
        #expect(try table.ask("a", "/old/x?q").requestTarget == "/pre/new/x?q")
        #expect(try table.ask("a", "/old").requestTarget == "/pre/new")
        #expect(try table.ask("a", "/other/").requestTarget == "/pre/other/")
    }

    @Test func `A rewritten path neither climbs nor leaves its root`() throws {
        func rewritten(_ match: String, _ with: String, _ target: String) throws -> Refusal.Reason? {
            try RouteTable(.rule { $0.rewritePath = PathRewrite(match: match, with: with) }).ask("a", target)
                .refusal
        }
        #expect(try rewritten("^/x(.*)$", "/$1", "/x..") == .unsafePath)
        #expect(try rewritten("^/x(.*)$", "/$1/y", "/x.") == .unsafePath)
        #expect(try rewritten("^/x(.*)$", "/$1", "/x/evil.example/y") == .unsafePath)
        #expect(try rewritten("^/x(.*)$", "$1", "/xa") == .unsafePath)
        #expect(try rewritten("^/x(.*)$", "${path}/y", "/xa/../x") == .unsafePath)
        #expect(try rewritten("^/x(.*)$", "/$1", "/xok") == nil)
    }

    @Test func `What does not vary goes through as the rule has it`() throws {
        let networks = [CIDR("10.0.0.0/8")].compactMap { $0 }
        let rule = RuleDefinition.rule {
            $0.endpointNetworks = networks
            $0.maxBodyBytes = 7
            $0.timeouts = RuleTimeouts(connect: .seconds(1), upstream: .seconds(2))
            $0.removeHeaders = ["X-Secret", "Cookie"]
        }
        let forward = try RouteTable(rule).ask("a").forward
        #expect(forward?.endpointNetworks == networks)
        #expect(forward?.maxBodyBytes == 7)
        #expect(forward?.timeouts == RuleTimeouts(connect: .seconds(1), upstream: .seconds(2)))
        #expect(forward?.removeHeaders.map { String(decoding: $0, as: UTF8.self) } == ["x-secret", "cookie"])
        #expect(forward?.scheme == .http)
        #expect(forward?.hostHeader == nil)
    }
}
