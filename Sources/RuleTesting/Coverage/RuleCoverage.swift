import Operations
import PCRE2
import PatternLanguages
import PatternSyntax
import Routing

/// Whether cases reached a rule, and the branches of its patterns that they took.
struct RuleCoverage {
    let rule: Rule
    private(set) var isReached = false
    private(set) var patterns: [PatternCoverage] = []
    /// The number of patterns whose branches cannot be observed.
    private(set) var unobservable = 0

    init(_ rule: Rule) {
        self.rule = rule
        if let host = rule.definition.host, host.hasPrefix("~") {
            add(String(host.dropFirst()), .host, ignoresCase: true)
        }
        if let path = rule.definition.path, path.hasPrefix("~") {
            let ignoresCase = path.hasPrefix("~*")
            add(String(path.dropFirst(ignoresCase ? 2 : 1)), .path, ignoresCase: ignoresCase)
        }
    }

    private mutating func add(_ text: String, _ subject: PatternCoverage.Subject, ignoresCase: Bool) {
        guard text.utf8.contains(UInt8(ascii: "|")) else { return }
        let tree = PatternTree(text, ignoresCase: ignoresCase)
        if let marks = BranchMarks(tree),
            let pattern = PatternCoverage(marks, tree, subject, ignoresCase: ignoresCase)
        {
            patterns.append(pattern)
        } else if !tree.isKnown || !tree.alternations.isEmpty {
            unobservable += 1
        }
    }

    mutating func note(_ step: DryRunStep, _ scratch: MatchScratch) {
        isReached = true
        for index in patterns.indices where patterns[index].isIncomplete {
            switch patterns[index].subject {
            case .host: if let host = step.host { patterns[index].note(host.bytes, scratch) }
            case .path:
                if let target = step.target, let path = NormalisedPath.of(target) {
                    patterns[index].note(path, scratch)
                }
            }
        }
    }

    func missing(tier: String) -> [Coverage.Missing] {
        let location = rule.origin.map { "\($0.file):\($0.line)" } ?? "-"
        guard isReached else {
            return [
                Coverage.Missing(location: location, tier: tier, rule: rule.name, branch: nil, pattern: nil)
            ]
        }
        return patterns.flatMap { pattern in
            pattern.notTaken.map {
                Coverage.Missing(
                    location: location,
                    tier: tier,
                    rule: rule.name,
                    branch: $0,
                    pattern: pattern.subject.rawValue
                )
            }
        }
    }
}

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
