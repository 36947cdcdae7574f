import PCRE2
import Testing

@Suite struct MatchLimitTests {
    private static func limited(_ outcome: MatchOutcome) -> Bool {
        if case .limitExceeded = outcome { true } else { false }
    }

    /// A pattern and a subject that would keep it busy for years.
    @Test(arguments: [
        ("^(a+)+$", "b"), (#"^(a+)+\1[bc]$"#, ""), ("(?:a?){40}[bc]", ""), ("(a*)*[bc]", ""),
        ("(a|aa)+[bc]", ""),
        ("[a-z]*[a-z]*[a-z]*[a-z]*[12]", ""), ("(a*a*a*[bx]|a)+[cd]", ""),
    ])
    func `A catastrophic pattern hits a limit soon`(text: String, end: String) throws {
        let pattern = try Pattern(text, options: .wholeSubject)
        let subject = String(repeating: "a", count: 250) + end
        let clock = ContinuousClock()
        var outcome = MatchOutcome.noMatch
        let duration = clock.measure { outcome = pattern.match(subject) }
        #expect(Self.limited(outcome), "\(outcome)")
        // A thousand times what it takes, so that a slow machine says nothing wrong.
        #expect(duration < .seconds(1))
    }

    @Test(arguments: [#"(.+)\1[cd]"#, "(a|b)*[cd]", "a.*b.*[de]", "(?:a|b)*?[cd]"])
    func `A search through a long subject is bounded as a whole`(text: String) throws {
        let pattern = try Pattern(text)
        let subject = String(repeating: "ab", count: 4_000)
        let clock = ContinuousClock()
        var outcome = MatchOutcome.noMatch
        let duration = clock.measure { outcome = pattern.match(subject) }
        #expect(Self.limited(outcome), "\(outcome)")
        #expect(duration < .seconds(1))
    }

    @Test func `Ordinary patterns stay far from the limits`() throws {
        let host = try Pattern(
            #"^([a-z0-9]+)_([a-z0-9]+)_([0-9]{2})\.test\.priv$"#,
            options: [.caseless, .wholeSubject]
        )
        let label = String(repeating: "a", count: 60)
        #expect(host.matches("\(label)_\(label)_01.test.priv"))
        #expect(host.match("\(label)_\(label)_01.test.privx") == .noMatch)
        let path = try Pattern(#"^/assets/.*\.(css|js|png)$"#)
        #expect(path.match("/assets/" + String(repeating: "x/", count: 4_000)) == .noMatch)
        #expect(path.matches("/assets/" + String(repeating: "x/", count: 4_000) + "y.css"))
    }

    @Test func `The limit is the pattern's own, and the next pattern has its own again`() throws {
        let scratch = MatchScratch()
        let subject = [UInt8](repeating: UInt8(ascii: "a"), count: 30) + [UInt8(ascii: "!")]
        let narrow = try Pattern("(a|a)*[bc]", options: .wholeSubject, limits: MatchLimits(steps: 10))
        let wide = try Pattern("(a)*!", options: .wholeSubject)
        for _ in 0..<3 {
            #expect(narrow.match(subject.span, scratch: scratch) == .limitExceeded(.steps))
            guard case .matched = wide.match(subject.span, scratch: scratch) else {
                Issue.record("the narrow limit stayed")
                return
            }
        }
    }

    @Test func `Deep recursion ends at a limit and leaves the scratch usable`() throws {
        let scratch = MatchScratch()
        let deep = try Pattern("(a(?1)?[bc])", options: .wholeSubject)
        let subject = [UInt8](repeating: UInt8(ascii: "a"), count: 100_000)
        let outcome = deep.match(subject.span, scratch: scratch)
        #expect(Self.limited(outcome), "\(outcome)")
        let after = deep.match(Array("aabb".utf8).span, scratch: scratch)
        guard case .matched = after else {
            Issue.record("\(after)")
            return
        }
    }
}
