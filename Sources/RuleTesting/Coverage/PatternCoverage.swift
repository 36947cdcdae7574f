import PCRE2
import PatternSyntax

/// The branches of one pattern's alternations that matches took.
struct PatternCoverage {
    /// What the pattern matches.
    enum Subject: String {
        case host, path
    }

    let subject: Subject
    private let pattern: Pattern
    /// For each branch, the number of the group that marks it.
    private let marks: [Int]
    /// The branches as they are written.
    private let texts: [String]
    private(set) var taken: [Bool]

    /// Nil: PCRE2 does not compile the pattern with marks.
    init?(_ marks: BranchMarks, _ tree: PatternTree, _ subject: Subject, ignoresCase: Bool) {
        var options: PatternOptions = ignoresCase ? [.caseless] : []
        if subject == .host { options.insert(.wholeSubject) }
        guard let pattern = try? Pattern(marks.text, options: options) else { return nil }
        let numbers = Dictionary(pattern.captureNames.map { ($0.name, $0.number) }) { first, _ in first }
        let groups = marks.branches.compactMap { numbers[$0.mark] }
        guard groups.count == marks.branches.count else { return nil }
        self.subject = subject
        self.pattern = pattern
        self.marks = groups
        self.texts = marks.branches.map { branch in
            String(decoding: tree.text[branch.range.clamped(to: 0..<tree.text.count)], as: UTF8.self)
        }
        self.taken = Array(repeating: false, count: groups.count)
    }

    var isIncomplete: Bool { taken.contains(false) }

    var notTaken: [String] { texts.indices.filter { !taken[$0] }.map { texts[$0] } }

    mutating func note(_ text: [UInt8], _ scratch: MatchScratch) {
        guard case .matched(let ranges) = pattern.match(text.span, scratch: scratch) else { return }
        for (index, group) in marks.enumerated() where ranges[group] != nil { taken[index] = true }
    }
}
