import PCRE2
import Testing

@Suite struct PatternTests {
    @Test func `Groups are captured by number and by name`() throws {
        let pattern = try Pattern(#"^(?<app>[a-z]+)_([0-9]+)(?<rest>x)?"#)
        #expect(pattern.captureCount == 3)
        #expect(pattern.captureNames.map(\.name) == ["app", "rest"])
        #expect(pattern.captureNames.map(\.number) == [1, 3])
        #expect(pattern.groups("shop_07!") == ["shop_07", "shop", "07", nil])
        #expect(pattern.groups("shop_07x") == ["shop_07x", "shop", "07", "x"])
        #expect(pattern.groups("7") == nil)
    }

    @Test func `A group in the middle that took no part has no range`() throws {
        #expect(try Pattern("(a)?(b)").groups("b") == ["b", nil, "b"])
    }

    @Test(arguments: [
        ("~^(?<app>[a-z]+", 15), ("a(b", 3), ("[z-a]", 3), ("*a", 0), ("(?<n>a)(?<n>b)", 12), ("a\\", 2),
        ("", 0),
    ])
    func `An error says where in the pattern it is`(text: String, offset: Int) throws {
        if text.isEmpty {
            #expect(try Pattern(text).matches(""))
            return
        }
        let error = #expect(throws: PatternError.self) { try Pattern(text) }
        #expect(error?.offset == offset, "\(text): \(String(describing: error))")
        #expect(error?.message.isEmpty == false)
    }

    @Test func `A pattern cannot turn its subject into UTF text`() {
        #expect(throws: PatternError.self) { try Pattern("(*UTF)a") }
        #expect(throws: PatternError.self) { try Pattern("(*UCP)a") }
    }

    @Test func `Bytes that are no UTF-8 are matched as bytes`() throws {
        let subject: [UInt8] = [0xFF, 0x00, 0xC3]
        let outcome = try Pattern(".{3}", options: .wholeSubject).match(subject.span, scratch: MatchScratch())
        guard case .matched = outcome else {
            Issue.record("\(outcome)")
            return
        }
    }

    @Test func `Case counts, unless the pattern is caseless`() throws {
        #expect(try !Pattern("abc").matches("xABCx"))
        #expect(try Pattern("abc", options: .caseless).matches("xABCx"))
    }

    @Test func `A dollar is the very end, not the place before a last newline`() throws {
        #expect(try !Pattern("priv$").matches("priv\n"))
        #expect(try Pattern("priv$").matches("priv"))
    }

    @Test func `Accepting early is no way around the end of the subject`() throws {
        let pattern = try Pattern(#"[\w.](*ACCEPT)\.$|[[:alpha:]]+"#, options: [.caseless, .wholeSubject])
        for _ in 0..<20 {
            #expect(pattern.groups("a_a_a_a_a_.b") == nil)
            #expect(pattern.groups("a") == ["a"])
        }
    }

    @Test func `A pattern says the same before and after it is machine code`() throws {
        let pattern = try Pattern("(a+)-(b)?", options: .wholeSubject)
        for _ in 0..<20 {
            #expect(pattern.groups("aa-") == ["aa-", "aa", nil])
            #expect(pattern.groups("aa-c") == nil)
        }
        #expect(pattern.usesJIT)
    }

    @Test func `A pattern may be asked about the middle of a subject`() throws {
        let pattern = try Pattern("(a+)(b)?", options: .wholeSubject)
        let subject = Array("x.aa.y".utf8)
        let outcome = pattern.match(subject.span, from: 2, to: 4, scratch: MatchScratch())
        guard case .matched(let ranges) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(ranges[0] == 0..<6)
        #expect(ranges[1] == 2..<4)
        #expect(ranges[2] == nil)
        #expect(pattern.match(subject.span, from: 2, to: 5, scratch: MatchScratch()) == .noMatch)
    }

    @Test func `An empty subject can match`() throws {
        #expect(try Pattern("", options: .wholeSubject).groups("") == [""])
        #expect(try Pattern("a*").groups("") == [""])
        #expect(try Pattern("a").groups("") == nil)
    }

    @Test(arguments: [
        #"test\.priv"#, #"^test\.priv"#, #"test\.priv$"#, #"^test\.priv$"#, #"x|test\.priv"#,
        #"test\.priv|x"#,
        #"(?:y|)test\.priv"#, #"(?m)^test\.priv$"#, #"test\Z|test\.priv"#,
    ])
    func `A whole-subject pattern never matches a part`(text: String) throws {
        let pattern = try Pattern(text, options: [.wholeSubject, .caseless])
        #expect(pattern.matches("test.priv"))
        for other in [
            "test.priv.evil.example", "evil.test.priv", "xtest.priv", "test.privx", "test.priv\n",
            "\ntest.priv", "test.priv\nx",
            "evil.example.test.priv.evil",
        ] {
            #expect(!pattern.matches(other), "\(text) let \(other.debugDescription) in")
        }
    }

    @Test(arguments: ["test(*ACCEPT)x", "test|test.priv(*ACCEPT)", "(?=test)(*ACCEPT)"])
    func `A forced success does not end a whole-subject match early`(text: String) throws {
        #expect(try !Pattern(text, options: .wholeSubject).matches("test.priv.evil.example"))
    }

    @Test func `A whole-subject pattern backtracks to reach the end`() throws {
        #expect(try Pattern("a|ab|abc", options: .wholeSubject).groups("abc") == ["abc"])
        #expect(try Pattern("(a+?)(a*?)", options: .wholeSubject).groups("aaa") == ["aaa", "a", "aa"])
        #expect(try Pattern(#"a\Kb"#, options: .wholeSubject).matches("ab"))
    }

    @Test func `A scratch serves patterns of any number of groups`() throws {
        let scratch = MatchScratch()
        for count in [1, 40, 3, 200] {
            let pattern = try Pattern(String(repeating: "(a)", count: count))
            let subject = [UInt8](repeating: UInt8(ascii: "a"), count: count)
            guard case .matched(let ranges) = pattern.match(subject.span, scratch: scratch) else {
                Issue.record("no match with \(count) groups")
                continue
            }
            #expect(ranges.count == count + 1)
            #expect(ranges[count] == (count - 1)..<count)
            #expect(ranges[count + 1] == nil)
            #expect(ranges[-1] == nil)
        }
    }

    @Test func `A later match changes nothing in an earlier one`() throws {
        let scratch = MatchScratch()
        let pattern = try Pattern("(a+)(b+)")
        guard case .matched(let first) = pattern.match(Array("aaabb".utf8).span, scratch: scratch) else {
            Issue.record("no match")
            return
        }
        let copy = [first[0], first[1], first[2]]
        for subject in ["ab", "xxxxab", "aaaaaaaabbbbbbbbbb", "none", ""] {
            _ = pattern.match(Array(subject.utf8).span, scratch: scratch)
        }
        #expect([first[0], first[1], first[2]] == copy)
        #expect(copy == [0..<5, 0..<3, 3..<5])
    }

    @Test func `Many threads share one pattern`() async throws {
        let pattern = try Pattern("^([a-z]+)_([0-9]+)$", options: .wholeSubject)
        await withTaskGroup(of: Bool.self) { group in
            for task in 0..<8 {
                group.addTask {
                    let scratch = MatchScratch()
                    for round in 0..<2_000 {
                        let subject = Array("app_\(task)\(round)".utf8)
                        guard case .matched(let ranges) = pattern.match(subject.span, scratch: scratch),
                            ranges[2] == 4..<subject.count
                        else { return false }
                    }
                    return true
                }
            }
            for await correct in group { #expect(correct) }
        }
    }
}
