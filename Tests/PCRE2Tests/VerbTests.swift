import PCRE2
import Testing

/// Verbs and settings of a pattern change neither what the whole subject is, nor whether the pattern works at all.
@Suite struct VerbTests {
    /// More matches than the interpreter does before there is machine code.
    private static let rounds = 20

    @Test(arguments: [
        (#"internal\.(*SKIP)(*FAIL)|[a-z]+\.test"#, "internal.shop.test", "shop.test"),
        (#"(?:internal\.(*SKIP)(*FAIL)|[a-z]+\.test)"#, "internal.shop.test", "shop.test"),
        (#"internal\.(*MARK:x)a?(*SKIP:x)(*F)|[a-z]+\.test"#, "internal.shop.test", "shop.test"),
        (#"internal\.(*SKIP)[0-9]|[a-z]+\.test"#, "internal.shop.test", "shop.test"),
        (#"(?s).*\.(*SKIP)(*FAIL)|[a-z]+"#, "a.b", "b"),
        (#"[a-z]+(*PRUNE)\.x|[a-z.]+"#, "ab", ""),
        (#"shop(*ACCEPT)\.test|x"#, "shop.test.evil", "shop"),
        (#"(?:shop(*ACCEPT)|x)+"#, "shopshop.evil", "shop"),
        (#"(?=shop)(*ACCEPT)"#, "shop.test", ""),
        (#"(?<a>shop\.(*COMMIT)evil|shop\.[a-z]+)"#, "shop.test", "shop.evil"),
        (#"(?<=x(*ACCEPT))?shop|(*THEN)evil"#, "evil.shop", "shop"),
        (#"(*NO_START_OPT)internal\.(*SKIP)(*FAIL)|[a-z]+\.test"#, "internal.shop.test", "shop.test"),
        (#"internal\.(*SKIP)(*FAIL)|(*ACCEPT)shop"#, "internal.shop", ""),
    ])
    func `No verb makes a part of a subject the whole`(text: String, other: String, whole: String) throws {
        let pattern = try Pattern(text, options: [.wholeSubject, .caseless])
        for _ in 0..<Self.rounds {
            #expect(pattern.groups(other) == nil)
            if !whole.isEmpty { #expect(pattern.groups(whole)?[0] == whole) }
        }
    }

    @Test(arguments: [
        (#"^/internal(*SKIP)(*FAIL)|^/[a-z]+"#, "/internal/shop"),
        (#"\A(?:/internal(*SKIP)(*FAIL)|/[a-z]+)"#, "/internal/shop"),
        (#"\G(?:/internal(*SKIP)(*FAIL)|/[a-z]+)"#, "/internal/shop"),
    ])
    func `A search that is anchored at the start begins there`(text: String, subject: String) throws {
        let pattern = try Pattern(text)
        for _ in 0..<Self.rounds { #expect(pattern.groups(subject) == nil) }
    }

    @Test func `A search that must reach the end ends there`() throws {
        let pattern = try Pattern(#"^/api/[a-z]+(*ACCEPT)$"#, options: .anchoredEnd)
        for _ in 0..<Self.rounds {
            #expect(pattern.groups("/api/users") == ["/api/users"])
            #expect(pattern.groups("/api/users/../admin") == nil)
        }
    }

    @Test func `A match may report another start`() throws {
        let pattern = try Pattern(#"^a\Kb$"#, options: .wholeSubject)
        for _ in 0..<Self.rounds { #expect(pattern.groups("ab") == ["ab"]) }
    }

    @Test(arguments: [
        "(*NO_JIT)", "(*NO_START_OPT)", "(*NO_AUTO_POSSESS)", "(*NO_DOTSTAR_ANCHOR)", "(*NOTEMPTY)",
        "(*NOTEMPTY_ATSTART)", "(*CRLF)", "(*ANYCRLF)", "(*BSR_UNICODE)", "(*NO_JIT)(*LF)",
    ])
    func `A setting of the pattern leaves it working`(setting: String) throws {
        for options: PatternOptions in [[], .wholeSubject] {
            let pattern = try Pattern(setting + #"([a-z]+)\.test"#, options: options)
            for _ in 0..<Self.rounds {
                #expect(pattern.groups("shop.test") == ["shop.test", "shop"])
                #expect(pattern.match("shop.priv") == .noMatch)
            }
        }
    }

    @Test(arguments: [
        ("(*LIMIT_MATCH=1)a", 0), ("(*NO_JIT)(*LIMIT_DEPTH=0)a", 9), ("(*LIMIT_HEAP=0)a", 0),
        ("(*LIMIT_RECURSION=1)a", 0),
    ])
    func `A pattern does not set its own limits`(text: String, offset: Int) {
        let error = #expect(throws: PatternError.self) { try Pattern(text) }
        #expect(error?.offset == offset)
    }
}
