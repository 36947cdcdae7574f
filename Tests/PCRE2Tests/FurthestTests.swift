import PCRE2
import Testing

@Suite struct FurthestTests {
    @Test(arguments: [
        (#"^([a-z]+)_([0-9]{2})\.test\.priv$"#, "shop_0x.test.priv", 6),
        (#"^([a-z]+)_([0-9]{2})\.test\.priv$"#, "shop_01.test.priv.evil", 17),
        (#"test\.priv"#, "test.priv.evil.example", 9),
        (#"test\.priv"#, "nothing.example", 0),
        (#"test\.priv"#, "tesT.example", 5),
        (#"abc|abd"#, "abx", 2),
        (#"[a-z]+"#, "abc", 3),
        (#"x"#, "", 0),
    ])
    func `A whole-subject pattern tells how far the subject went along`(
        text: String,
        subject: String,
        count: Int
    ) throws {
        let pattern = try Pattern(text, options: [.wholeSubject, .caseless])
        #expect(pattern.furthest(subject) == count)
    }

    @Test func `A search that says where it begins tells how far it came`() throws {
        #expect(try Pattern("^/api/v[0-9]+/").furthest("/api/vx/users") == 6)
    }

    @Test func `A catastrophic pattern is not asked forever`() throws {
        let pattern = try Pattern("(a+)+[bc]", options: .wholeSubject)
        let clock = ContinuousClock()
        let duration = clock.measure { _ = pattern.furthest(String(repeating: "a", count: 250) + "!") }
        #expect(duration < .seconds(2))
    }
}
