import PatternSyntax
import Testing

/// What is read off a pattern. That it is true of every match is `ScaleTests`' to show.
@Suite struct PatternLiteralsTests {
    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func read(_ pattern: String) -> PatternLiterals {
        PatternLiterals(PatternTree(pattern, ignoresCase: true))
    }

    /// `prefix…inner…suffix`, or the whole; alternatives with `|`; `-` when nothing is known.
    private static func literals(_ pattern: String) -> String {
        let alternatives = read(pattern).alternatives.map { literals in
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
        // Any way to write a literal.
        (#"\Qa.b\E"#, "a.b"), (#"x+\Q.b*\E"#, "x….b*"), (#"\Qab\E+c"#, "ab…c"), ("(?x) a b # c", "ab"),
        (#"\x61bc\x2e[\x64]"#, "abc.d"), ("(?-i)abc", "abc"), ("(?i:aBc)", "abc"), (#"a\o{142}c"#, "abc"),
        ("(?#a)bcd", "bcd"), (#"[\Qa\E]bcd"#, "abcd"), ("abc\u{E4}", "abc\u{E4}"),
        (#"\A[a-z]+\.x\z"#, "….x"), (#"(ab)+c"#, "ab…c"), ("(?:ab){2}c", "ab…c"), ("(?:a){3}c", "aaac"),
        // Parts of any text.
        (#"(a)\1bcd"#, "a…bcd"), ("(?R)?abc", "…abc"), ("(?(?=b)abc|d)ef", "…ef"), ("ab(?!c)d", "abd"),
        (#"ab\bcd"#, "abcd"), ("ab(?>c+)de", "abc…de"), ("ab++c", "ab…c"), (#"ab\Rc"#, "ab…c"),
        ("(?|ab|cd)", "ab|cd"), ("(?:ab|cd)?ef", "…ef"), ("(a|b)c", "…c"), ("a{0}b", "b"),
        ("a{70}b", String(repeating: "a", count: 64) + "…b"),
    ])
    func `The literals are those that every match has`(pattern: String, expected: String) {
        #expect(Self.literals(pattern) == expected)
    }

    @Test(arguments: [
        "(*ACCEPT)abc", "a(*ACCEPT)bc", "(?:a(*ACCEPT)b)+c", "(?=(*ACCEPT))abc", #"ab\K"#, "a{,2}bcd",
        "[[.a.]]bcd", "abc)", #"\N{U+61}bc"#, "(?C)abc", #"\p{L}bcd"#, "{2}abc", "(*UTF)abc",
        "(*napla:a)bcd", "(*sr:a)bcd", "a{ 1 }bcd",
    ])
    func `Of a pattern that is not understood nothing is said`(pattern: String) {
        let shape = Self.read(pattern)
        #expect(shape.alternatives.isEmpty)
        #expect(shape.cut == nil)
    }

    @Test(arguments: [
        (#"^(?<a>[a-z]+)\.x\.y$"#, "", "(?<a>[a-z]+)", ".x.y"),
        (#"^w_(?<c>.)_\d\.X$"#, "w_", #"(?<c>.)_\d"#, ".x"),
        (#"a\.b"#, "a.b", "", ""), (#"(a)b"#, "", "(a)", "b"), ("ab+c", "a", "b+", "c"),
        ("a(b){0}c", "a", "(b){0}", "c"), (#"\A[ab]\.x\z"#, "", "[ab]", ".x"),
        (#"[ab]\Q.x\E"#, "", #"[ab]\Q"#, ".x"), (#"\Qa.b\E[cd]"#, "a.b", #"\E[cd]"#, ""),
        (#"\Qab\E+c"#, "a", #"b\E+"#, "c"), (#"(?x) [ab] \. x"#, "", #"(?x) [ab] \. "#, "x"),
        (#"\x61[bc]\x2ed"#, "a", "[bc]", ".d"), ("a(?-i)b[c]d+e", "a", "(?-i)b[c]d+", "e"),
    ])
    func `Literal text is cut off both ends`(pattern: String, head: String, core: String, tail: String) throws
    {
        let cut = try #require(Self.read(pattern).cut)
        #expect(Self.text(cut.head) == head)
        #expect(Self.text(Array(Array(pattern.utf8)[cut.core])) == core)
        #expect(Self.text(cut.tail) == tail)
    }

    @Test(arguments: [
        #"[a-z.]++\.x"#, #"(?>[a-z.]+)\.x"#, #"[a-z]+(?=\.x)\.x"#, #"[a-z]+(?<!b)\.x"#, #"[a-z]+\b\.x"#,
        // A quantified byte of a quotation; letters that match no host; parts that are not regular.
        #"\Qa.\E+"#, "[ab](?-i)A", #"(a)\1b"#, "a(?1)?(b)", #"a\Rb"#, "a(?(?=b)b|c)",
        #"(^a|b)+\.x"#, #"a|b\.x"#, #"(.+$|b)\.x"#, #"a^b*c"#,
    ])
    func `What looks beyond its own bytes is left whole`(pattern: String) {
        #expect(Self.read(pattern).cut == nil)
    }
}
