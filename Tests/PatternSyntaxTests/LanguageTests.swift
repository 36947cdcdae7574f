import PCRE2
import PatternLanguages
import PatternSyntax
import TestSupport
import Testing

@Suite struct LanguageTests {
    @Test func `A language is what PCRE2 matches, of random patterns and hosts`() throws {
        let seed = TestSeed.make(for: "LanguageTests")
        var random = SeededRandom(seed: seed)
        let scratch = MatchScratch()
        var decided = 0
        var matched = 0
        for _ in 0..<1500 {
            var writer = PatternWriter(random)
            let text = writer.pattern()
            random = writer.random
            guard let pattern = try? Pattern(text, options: [.caseless, .wholeSubject]),
                let nfa = try? NFA(PatternTree(text, ignoresCase: true))
            else { continue }
            let language = Language(nfa)
            var hosts = (0..<12).map { _ in writer.host() }
            if case .found(let witness) = HostSearch(inside: [language]).find() { hosts.append(witness) }
            hosts += hosts.map { host in writer.mutated(host) }
            random = writer.random
            for host in hosts {
                let expected: Bool
                switch pattern.match(host.span, scratch: scratch) {
                case .matched: expected = true
                case .noMatch: expected = false
                default: continue
                }
                decided += 1
                if expected { matched += 1 }
                let answer = try language.contains(host)
                #expect(
                    answer == expected,
                    "seed \(seed): `\(text)` on `\(String(decoding: host, as: UTF8.self))`"
                )
            }
        }
        #expect(decided > 10_000)
        #expect(matched > 1000)
    }

    @Test func `A language is not known of what is not regular`() {
        for text in [
            "(a)\\1", "(?=a)b", "(?>a|ab)c", "(?>a*)a", "(?>a+?)", "a++a", "(?:a++)*", "(?R)", "\\Ka",
            "(?(1)a)",
            "(*ACCEPT)", "\\p{L}",
        ] {
            #expect(throws: NFA.Unsupported.self, "\(text)") { try NFA(PatternTree(text)) }
        }
        #expect(throws: NFA.Unsupported.self) { try NFA(PatternTree("((a{1000}){1000}){1000}")) }
    }

    @Test(arguments: [
        ("a++b", ["ab", "aab"], ["b", "a"]), ("(?>shop|blog)x", ["shopx", "blogx"], ["shop", "x"]),
        ("(?<n>[a-z]++)-\\d++", ["ab-12"], ["ab-", "-1"]), ("(?>[a-z]+)\\.x", ["a.x"], [".x"]),
        ("(?:[a-z]++\\.)+x", ["a.b.x"], ["a.b"]), ("a?+b", ["ab", "b"], ["a"]),
    ])
    func `A language is known where giving nothing back makes no difference`(
        _ text: String,
        _ yes: [String],
        _ no: [String]
    ) throws {
        let language = Language(try NFA(PatternTree(text, ignoresCase: true)))
        for host in yes { #expect(try language.contains(host.utf8), "\(host)") }
        for host in no { #expect(try !language.contains(host.utf8), "\(host)") }
    }

    @Test(arguments: ["(a)\\1", "(?!b)[a-c]", "a++ab?", "(?>a|ab)c", "(?<=x)a|b", "(a|b)(?1)", "(?(?=a)a|b)"])
    func `A language with more than a pattern's hosts holds all of them`(_ text: String) throws {
        let language = Language(try NFA(holding: PatternTree(text, ignoresCase: true)))
        let pattern = try Pattern(text, options: [.caseless, .wholeSubject])
        for host in ["a", "b", "c", "aa", "ab", "aab", "ac", "abc", "ba", "bb"] {
            guard case .matched = pattern.match(Array(host.utf8).span, scratch: MatchScratch()) else {
                continue
            }
            #expect(try language.contains(host.utf8), "\(host)")
        }
    }

    private static func search(_ inside: [String], without outside: [String] = []) throws -> String {
        func language(_ text: String) throws -> Language {
            Language(try NFA(PatternTree(text, ignoresCase: true)))
        }
        let answer = HostSearch(inside: try inside.map(language), outside: try outside.map(language)).find()
        switch answer {
        case .found(let host): return String(decoding: host, as: UTF8.self)
        case .none: return "none"
        case .unknown: return "unknown"
        }
    }

    @Test func `A language has a shortest host that reads well`() throws {
        let rule = "^(?<app>[a-z0-9]+)_(?<container>[a-z0-9]+)_(?<host>[0-9]{2})\\.test\\.priv$"
        #expect(try Self.search([rule]) == "a_a_00.test.priv")
        #expect(try Self.search([rule], without: ["a_.*"]) == "b_a_00.test.priv")
        #expect(try Self.search([rule], without: [".*\\.test\\.priv"]) == "none")
        #expect(try Self.search([rule, "shop_.*"]) == "shop_a_00.test.priv")
        #expect(try Self.search(["a{2,3}", "a{4}"]) == "none")
    }

    @Test func `A language has hosts only: no empty labels, none over 63 bytes, none over 253 in all`() throws
    {
        #expect(try Self.search(["\\.a"]) == "none")
        #expect(try Self.search(["a\\.\\.b"]) == "none")
        #expect(try Self.search(["[a-z]{64}"]) == "none")
        #expect(try Self.search(["[a-z]{63}"]) == String(repeating: "a", count: 63))
        #expect(try Self.search([".{253}"]) != "none")
        #expect(try Self.search([".{254}"]) == "none")
        #expect(try Self.search(["a!"]) == "none")
        #expect(try Self.search([".*"], without: ["[a-z0-9_.-]+"]) == "[::1]")
    }

    @Test func `A language knows anchors and words wherever they stand`() throws {
        #expect(try Self.search(["(?:^a|b)+$"]) == "a")
        #expect(try Self.search(["a^b"]) == "none")
        #expect(try Self.search(["a$b"]) == "none")
        #expect(try Self.search(["a\\bb"]) == "none")
        #expect(try Self.search(["[a-z]+\\b-x"]) == "a-x")
        #expect(try Self.search([".\\B.\\Z"]) == "aa")
    }
}

/// Writes random patterns, most of them regular, and hosts that may match them.
private struct PatternWriter {
    var random: SeededRandom
    private var depth = 0

    init(_ random: SeededRandom) {
        self.random = random
    }

    mutating func pattern() -> String {
        depth = 0
        return (chance(4) ? "^" : "") + alternation() + (chance(4) ? "$" : "")
    }

    private mutating func chance(_ of: Int) -> Bool { Int.random(in: 0..<of, using: &random) == 0 }

    private mutating func alternation() -> String {
        depth += 1
        defer { depth -= 1 }
        var text = sequence()
        while chance(4) { text += "|" + sequence() }
        return text
    }

    private mutating func sequence() -> String {
        (0..<Int.random(in: 0...3, using: &random)).map { _ in atom() + quantifier() }.joined()
    }

    private mutating func atom() -> String {
        let leaves = [
            "a", "b", "A", "1", "-", "_", "\\.", "\\.", ".", "[ab]", "[^a]", "[a-c1-3]", "\\d", "\\w", "\\W",
            "\\D", "\\b",
            "\\B", "^", "$", "\\A", "\\z", "\\Z", "[[:alpha:]]", "[[:^digit:]]", "\\x61", "\\Qb.\\E", "(?i)",
            "(?-i)", "[.]",
            "(?s:.)", "\\N", "[\\w-]", "(?#x)", "[[:upper:]]", "\\S", "\\141",
        ]
        guard depth < 4, chance(3) else { return leaves.randomElement(using: &random) ?? "a" }
        return
            (["(", "(?:", "(?i:", "(?>", "(?<n\(UInt32.random(in: 0..<100_000, using: &random))>"]
            .randomElement(using: &random) ?? "(") + alternation() + ")"
    }

    private mutating func quantifier() -> String {
        guard chance(3) else { return "" }
        return [
            "*", "+", "?", "{2}", "{1,}", "{0,2}", "*?", "+?", "??", "{0}", "{2,3}?", "*+", "++", "?+",
            "{1,2}+",
        ].randomElement(
            using: &random
        ) ?? ""
    }

    mutating func host() -> [UInt8] {
        let bytes = Array("aaabbb123-_..cz".utf8)
        return (0..<Int.random(in: 0...8, using: &random)).map { _ in
            bytes.randomElement(using: &random) ?? 97
        }
    }

    mutating func mutated(_ host: [UInt8]) -> [UInt8] {
        var host = host
        let place = Int.random(in: 0...host.count, using: &random)
        // Bytes that no host has, too: a language is of all bytes.
        let byte = Array("ab.-_1Z!é\0[".utf8).randomElement(using: &random) ?? 97
        if place < host.count, chance(2) { host[place] = byte } else { host.insert(byte, at: place) }
        return host
    }
}
