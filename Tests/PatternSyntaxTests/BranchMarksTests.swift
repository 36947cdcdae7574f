import PCRE2
import PatternLanguages
import PatternSyntax
import Testing

@Suite struct BranchMarksTests {
    /// The texts of the branches that a match of `subject` takes.
    private static func taken(_ pattern: String, _ subject: String) throws -> [String] {
        let tree = PatternTree(pattern, ignoresCase: true)
        let marks = try #require(BranchMarks(tree))
        let marked = try Pattern(marks.text, options: [.caseless, .wholeSubject])
        let bytes = Array(subject.utf8)
        guard case .matched(let ranges) = marked.match(bytes.span, scratch: MatchScratch()) else {
            return ["no match"]
        }
        let numbers = Dictionary(uniqueKeysWithValues: marked.captureNames.map { ($0.name, $0.number) })
        return try marks.branches.filter { branch in
            ranges[try #require(numbers[branch.mark])] != nil
        }.map { String(decoding: tree.text[$0.range], as: UTF8.self) }
    }

    @Test func `Marks tell which branch a host took`() throws {
        #expect(try Self.taken("^(?:shop|blog)\\.test$", "blog.test") == ["blog"])
        #expect(try Self.taken("^a\\.x|b\\.(?:y|z)$", "b.z") == ["b\\.(?:y|z)$", "z"])
        #expect(try Self.taken("^(?:shop|blog)\\.test$", "news.test") == ["no match"])
    }

    @Test func `Marks tell all branches that a repetition went through`() throws {
        #expect(try Self.taken("(?:a|b|c)+", "acca") == ["a", "c"])
    }

    @Test func `Marks leave named groups as they were`() throws {
        let marks = try #require(BranchMarks(PatternTree("(?<x>a|b)-(?<y>\\d+)")))
        #expect(marks.text == "(?<x>(?<berth_branch_0>)a|(?<berth_branch_1>)b)-(?<y>\\d+)")
    }

    @Test func `Marks are not made where groups are counted, or parts unknown`() {
        for pattern in ["(a|b)\\1", "(a|b)(?1)", "(?|(a)|(b))", "(a|b)\\p{L}", "abc", "(a)?(?(1)b|c)"] {
            #expect(BranchMarks(PatternTree(pattern)) == nil, "\(pattern)")
        }
    }
}
