import PCRE2
import Testing

@testable import Routing

/// What is read off a pattern. That it is true of every match is `ScaleTests`' to show.
@Suite struct PatternLiteralsTests {
    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// `prefix…inner…suffix`, or the whole; alternatives with `|`; `-` when nothing is known.
    private static func literals(_ pattern: String) -> String {
        let alternatives = PatternLiterals(Array(pattern.utf8)).alternatives.map { literals in
            if literals.isWhole { return text(literals.prefix) }
            return ([literals.prefix] + literals.inner + [literals.suffix]).map(text).joined(separator: "…")
        }
        return alternatives.isEmpty ? "-" : alternatives.joined(separator: "|")
    }

    @Test(arguments: [
        (#"^(?<app>[a-z0-9]+)\.tenant1\.example\.com$"#, "….tenant1.example.com"),
        (#"^wordpress_(?<c>[a-z]+)_(?<h>[0-9]{2})\.test\.priv$"#, "wordpress_….test.priv"),
        (#"(?:www\.)?Shop\.Example"#, "…shop.example"), (#"www[.]a[.]b"#, "www.a.b"),
        (#"(?<a>x+)-customer7-(?<b>.)"#, "x…-customer7-…"), (#"a\.b|c\.d"#, "a.b|c.d"),
        (#"^(a\.b|.*\.d)$"#, "a.b|….d"), ("ab+c", "ab…c"), ("ab*c", "a…c"), ("a{3}", "aaa"),
        ("ab{0}c", "ac"), ("(?=x)abc", "abc"), (#"[a-z]+"#, "-"), (#"a\.b|.*"#, "-"),
    ])
    func `literals that every match has`(pattern: String, expected: String) {
        #expect(Self.literals(pattern) == expected)
    }

    @Test(arguments: [
        #"\Qa.b\E"#, "(?x)a b", "(?-i)abc", #"(a)\1bcd"#, "(?R)?abc", "(*ACCEPT)abc", #"\x61bc"#, "(?#a)bcd",
        "(?|abc|d)", "(?(1)abc|d)", #"ab\K"#, "a{,2}bcd", "[[.a.]]bcd", "(?i:abc)", #"[\Qa\E]bcd"#, "abc)",
        #"\N{U+61}bc"#, "(?C)abc", "(?P=n)abc", "abc\u{E4}", #"\p{L}bcd"#, #"\cAbcd"#, "{2}abc",
    ])
    func `of a pattern that is not understood nothing is said`(pattern: String) {
        let shape = PatternLiterals(Array(pattern.utf8))
        #expect(shape.alternatives.isEmpty)
        #expect(shape.cut == nil)
    }

    @Test(arguments: [
        (#"^(?<a>[a-z]+)\.x\.y$"#, "", "(?<a>[a-z]+)", ".x.y"),
        (#"^w_(?<c>.)_\d\.X$"#, "w_", #"(?<c>.)_\d"#, ".x"),
        (#"a\.b"#, "a.b", "", ""), (#"(a)b"#, "", "(a)", "b"), ("ab+c", "a", "b+", "c"),
        ("a(b){0}c", "a", "(b){0}", "c"),
    ])
    func `literal text is cut off both ends`(pattern: String, head: String, core: String, tail: String) throws
    {
        let cut = try #require(PatternLiterals(Array(pattern.utf8)).cut)
        #expect(Self.text(cut.head) == head)
        #expect(Self.text(Array(Array(pattern.utf8)[cut.core])) == core)
        #expect(Self.text(cut.tail) == tail)
    }

    @Test(arguments: [
        #"[a-z.]++\.x"#, #"(?>[a-z.]+)\.x"#, #"[a-z]+(?=\.x)\.x"#, #"[a-z]+(?<!b)\.x"#, #"[a-z]+\b\.x"#,
        #"(^a|b)+\.x"#, #"a|b\.x"#, #"(.+$|b)\.x"#, #"a^b*c"#,
    ])
    func `what looks beyond its own bytes is left whole`(pattern: String) {
        #expect(PatternLiterals(Array(pattern.utf8)).cut == nil)
    }

    @Test func `rules that differ in their literals share the core`() throws {
        let table = try RouteTable(
            (0..<3).map { .rule("r\($0)", host: #"~^(?<app>[a-z]+)\.t\#($0)\.test$"#, to: "${app}") }
        )
        let cores = table.rules.compactMap { rule in
            if case .pattern(let pattern) = rule.host { ObjectIdentifier(pattern.core) } else { nil }
        }
        #expect(cores.count == 3 && Set(cores).count == 1)
        let decision = try table.ask("shop.t2.test")
        #expect(decision.ruleName == "r2")
        #expect(decision.target == "shop")
        #expect(decision.captures["app"] == "shop")
    }

    @Test func `an error in a pattern is where it was written`() throws {
        let error = #expect(throws: RouteTableError.self) {
            try RouteTable(.rule(host: #"~^abc(?<a>[z-a]+)\.test$"#))
        }
        let whole = #expect(throws: PatternError.self) { try Pattern(#"^abc(?<a>[z-a]+)\.test$"#) }
        let place = (whole?.offset ?? 0) + 1
        #expect(error?.issues.first?.range == place..<place)
        #expect(throws: RouteTableError.self) { try RouteTable(.rule(host: "~abc(")) }
    }

    @Test func `a table of many rules asks few of them`() throws {
        let shapes = [
            #"^(?<app>[a-z0-9]+)\.tenant@\.example\.com$"#, #"^app@_(?<c>[a-z]+)\.test\.priv$"#,
            #"^[a-z]+[.-]customer@[.-][a-z]+$"#,
        ]
        for shape in shapes {
            let table = try RouteTable(
                (0..<1_000).map { number in
                    .rule("r\(number)", host: "~" + shape.replacing("@", with: "\(number)"))
                }
            )
            for (host, most) in [
                ("shop.tenant471.example.com", 1), ("app471_x.test.priv", 1), ("a-customer471-b", 8),
                ("nothing.example.com", 0),
            ] {
                let scratch = RouteScratch()
                _ = try Ask(host).of(table, scratch: scratch)
                var found: [UInt32] = []
                CandidateIndexBuilder.index(table.rules).find(Array(host.utf8).span, into: &found)
                #expect(found.count <= most, "\(shape): \(host) finds \(found.count)")
            }
        }
    }
}
