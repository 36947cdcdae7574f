import PCRE2
import PatternLanguages
import PatternSyntax
import TestSupport
import Testing

@Suite struct ParserTests {
    @Test(
        arguments: [
            ("", "ε"), ("a", "'a'"), ("ab", "['a' 'b']"), ("a|b|", "alt('a' | 'b' | ε)"),
            (".", "set(255 .)"), ("(?s).", "[options s set(256 .)]"), ("\\N", "set(255 .)"),
            ("^a$", "[lineStart(multiline: false) 'a' lineEnd(multiline: false)]"),
            (
                "\\A\\z\\Z\\G\\b\\B",
                "[subjectStart subjectEnd subjectEndOrNewline searchStart wordBoundary notWordBoundary]"
            ),
            ("a*b+?c?+", "['a'{0,∞ greedy} 'b'{1,∞ lazy} 'c'{0,1 possessive}]"),
            ("a{2}b{2,}c{2,3}", "['a'{2,2 greedy} 'b'{2,∞ greedy} 'c'{2,3 greedy}]"),
            ("a{x}", "['a' '{' 'x' '}']"), ("a{2}{3}", "'a'{2,2 greedy}{3,3 greedy}"),
            (
                "(a)(?<n>b)(?P<m>c)(?'o'd)(?:e)",
                "[group1('a') group2:n('b') group3:m('c') group4:o('d') plain('e')]"
            ),
            ("((a)b)c", "[group1([group2('a') 'b']) 'c']"), ("(?>a)", "atomic('a')"),
            (
                "(?=a)(?!b)(?<=c)(?<!d)",
                "[lookahead(isNegative: false)('a') lookahead(isNegative: true)('b') lookbehind(isNegative: false)('c') lookbehind(isNegative: true)('d')]"
            ),
            ("(*pla:a)(*atomic:b)", "[lookahead(isNegative: false)('a') atomic('b')]"),
            ("(a)\\1\\g1\\g{-1}", "[group1('a') back number(1) back number(1) back number(1)]"),
            (
                "(?<n>a)\\k<n>(?P=n)\\g{n}",
                "[group1:n('a') back name(\"n\") back name(\"n\") back name(\"n\")]"
            ),
            (
                "(a)(?1)(?R)\\g<1>(?&n)",
                "[group1('a') call number(1) call number(0) call number(1) call name(\"n\")]"
            ),
            ("(a)?(?(1)b|c)", "[group1('a'){0,1 greedy} if number(1) 'b' else 'c']"),
            ("(?(?=a)b)", "if lookahead(isNegative: false)('a') 'b'"),
            ("(?(DEFINE)a)", "if DEFINE 'a'"),
            ("(?|(a)|(b))(c)", "[branchReset(alt(group1('a') | group1('b'))) group2('c')]"),
            ("(?i)a(?-i)b", "[options i i'a' options -i 'b']"), ("(?i:a)b", "[plaini(i'a') 'b']"),
            ("(a(?i)b|c)d", "[group1(alt(['a' options i i'b'] | i'c')) 'd']"),
            ("(?n)(a)(?<b>c)", "[options n plain('a') group1:b('c')]"),
            ("(?U)a*a*?", "[options U 'a'{0,∞ lazy} 'a'{0,∞ greedy}]"),
            ("\\Qa.b\\E.", "['a' '.' 'b' set(255 .)]"), ("\\Qab\\E+", "['a' 'b'{1,∞ greedy}]"),
            ("\\x41\\x{42}\\103\\o{104}\\.", "['A' 'B' 'C' 'D' '.']"),
            ("\\d\\D\\w\\s\\h", "[set(10 \\d) set(246 \\D) set(63 \\w) set(6 \\s) set(3 \\h)]"),
            ("[abc]", "set(3 [])"), ("[^abc]", "set(253 [^])"), ("[]a]", "set(2 [])"),
            ("[^]a]", "set(254 [^])"),
            ("[a-z0-9_-]", "set(38 [])"), ("[\\d.]", "set(11 [])"), ("[[:alpha:]]", "set(52 [])"),
            ("[[:^alpha:]x]", "set(205 [])"), ("[\\Qa-z\\E]", "set(3 [])"), ("[a\\]b]", "set(3 [])"),
            ("[\\b\\n]", "set(2 [])"), ("(?i)[a-c]", "[options i set(6 [])]"), ("[\\x61-\\x63]", "set(3 [])"),
            ("a\\Kb\\R", "['a' \\K 'b' \\R]"), ("(*PRUNE)a", "[verb PRUNE 'a']"),
            ("(?#no)a", "[comment 'a']"), ("a(?#no)+", "'a'{1,∞ greedy}"),
            ("(?x) a + # no\n b", "[options x ε 'a'{1,∞ greedy} ε comment ε 'b']"),
            ("(?xx)[a b]", "[options xx set(2 [])]"),
        ]
    )
    func `The tree shows each part of the syntax`(pattern: String, expected: String) {
        #expect(PatternTree(pattern).root.outline == expected)
    }

    @Test func `The tree ignores case where the whole pattern does`() {
        #expect(PatternTree("a[b]", ignoresCase: true).root.outline == "[i'a' set(2 [])]")
        #expect(PatternTree("(?-i)a", ignoresCase: true).root.outline == "[options -i 'a']")
        #expect(PatternTree("[[:upper:]]", ignoresCase: true).root.outline == "set(52 [])")
    }

    @Test(
        arguments: [
            "(a", "a)b", "[a", "a\\", "\\p{L}", "\\X", "(?C1)a", "a{,3}", "a{1, 2}", "[[.a.]]", "(?z)a",
            "\\N{U+41}",
            "[[:nosuch:]]", "+a", "[[:<:]]a", "[z-a]", "a{3,2}", "(*sr2:a)",
        ]
    )
    func `The tree calls what it does not know unknown, and never guesses`(pattern: String) {
        #expect(!PatternTree(pattern).isKnown)
    }

    @Test func `The tree knows where each part stands`() {
        let tree = PatternTree("^(?<app>a|bc)+\\.x$")
        var places: [String] = []
        tree.root.walk { node in
            places.append(tree.text(of: node))
            return true
        }
        #expect(
            places == [
                "^(?<app>a|bc)+\\.x$", "^", "(?<app>a|bc)+", "(?<app>a|bc)", "a|bc", "a", "bc", "b", "c",
                "\\.",
                "x", "$",
            ]
        )
        #expect(tree.alternations.map { $0.map(tree.text(of:)) } == [["a", "bc"]])
        let capture = tree.captures.first
        #expect(tree.captures.count == 1 && capture?.number == 1 && capture?.name == "app")
        #expect(capture?.range == 1..<13)
    }

    @Test func `The tree is bounded in depth and size`() {
        let deep = String(repeating: "(", count: 100_000) + String(repeating: ")", count: 100_000)
        #expect(!PatternTree(deep).isKnown)
        let nested = String(repeating: "(", count: 300) + String(repeating: ")", count: 300)
        #expect(!PatternTree(nested).isKnown)
        #expect(!PatternTree(String(repeating: "a", count: PatternTree.maxBytes + 1)).isKnown)
        #expect(PatternTree(String(repeating: "a", count: 60_000)).isKnown)
    }

    @Test func `The tree of random text has nested ranges and as many groups as PCRE2 counts`() throws {
        var random = SeededRandom(seed: 4)
        let pieces = [
            "a", "b", ".", "(", ")", "|", "*", "+", "?", "{2,3}", "{", "}", "[", "]", "^", "$", "\\", "\\d",
            "\\Q",
            "\\E", "(?:", "(?<n", ">", "(?i)", "(?x)", " ", "#", "-", "[^", "[:alpha:]", "\\x4", "\\1", "(?|",
            "(?=",
            "(?#", "(*", "(?(1)", "\\g{", "(?P<", "é", ",", "1", "(?n)", "(?<a>", "(?'b'", "\\o{1", "(?>",
        ]
        var compiled = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            let tree = PatternTree(text)
            #expect(Self.isNested(tree.root, in: 0..<tree.text.count), "\(text)")
            guard tree.isKnown, let pattern = try? Pattern(text) else { continue }
            compiled += 1
            #expect(pattern.captureCount == (tree.captures.map(\.number).max() ?? 0), "\(text)")
            let names = Set(
                tree.captures.compactMap { capture in capture.name.map { "\($0) \(capture.number)" } }
            )
            #expect(names == Set(pattern.captureNames.map { "\($0.name) \($0.number)" }), "\(text)")
        }
        #expect(compiled > 1000)
    }

    private static func isNested(_ node: PatternNode, in outer: Range<Int>) -> Bool {
        guard outer.lowerBound <= node.range.lowerBound, node.range.upperBound <= outer.upperBound else {
            return false
        }
        return node.children.allSatisfy { isNested($0, in: node.range) }
    }
}
