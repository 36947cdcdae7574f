import Operations
import PCRE2
import PatternLanguages
import PatternSyntax
import Routing

/// How often cases reached one rule, and through which branches of its patterns.
struct RuleCoverage {
    let rule: Rule
    private(set) var isReached = false
    private(set) var patterns: [PatternCoverage] = []
    /// Patterns with alternations that cannot be told apart.
    private(set) var untold = 0

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

    private mutating func add(_ text: String, _ place: PatternCoverage.Place, ignoresCase: Bool) {
        guard text.utf8.contains(UInt8(ascii: "|")) else { return }
        let tree = PatternTree(text, ignoresCase: ignoresCase)
        if let marks = BranchMarks(tree),
            let pattern = PatternCoverage(marks, tree, place, ignoresCase: ignoresCase)
        {
            patterns.append(pattern)
        } else if !tree.isKnown || !tree.alternations.isEmpty {
            untold += 1
        }
    }

    mutating func note(_ step: DryRunStep, _ scratch: MatchScratch) {
        isReached = true
        for index in patterns.indices where patterns[index].isIncomplete {
            switch patterns[index].place {
            case .host: if let host = step.host { patterns[index].note(host.bytes, scratch) }
            case .path:
                if let target = step.target, let path = NormalisedPath.of(target) {
                    patterns[index].note(path, scratch)
                }
            }
        }
    }

    func missing(tier: String) -> [Coverage.Missing] {
        let place = rule.origin.map { "\($0.file):\($0.line)" } ?? "-"
        guard isReached else {
            return [Coverage.Missing(place: place, tier: tier, rule: rule.name, branch: nil, pattern: nil)]
        }
        return patterns.flatMap { pattern in
            pattern.notTaken.map {
                Coverage.Missing(
                    place: place,
                    tier: tier,
                    rule: rule.name,
                    branch: $0,
                    pattern: pattern.place.rawValue
                )
            }
        }
    }
}

/// Which branches of one pattern's alternations matches went through.
struct PatternCoverage {
    enum Place: String {
        case host, path
    }

    let place: Place
    private let pattern: Pattern
    /// Of each branch, the number of the group that marks it.
    private let marks: [Int]
    /// Of each branch, as it is written.
    private let texts: [String]
    private(set) var taken: [Bool]

    /// Nil: PCRE2 does not take the pattern with marks in it.
    init?(_ marks: BranchMarks, _ tree: PatternTree, _ place: Place, ignoresCase: Bool) {
        var options: PatternOptions = ignoresCase ? [.caseless] : []
        if place == .host { options.insert(.wholeSubject) }
        guard let pattern = try? Pattern(marks.text, options: options) else { return nil }
        let numbers = Dictionary(pattern.captureNames.map { ($0.name, $0.number) }) { first, _ in first }
        let places = marks.branches.compactMap { numbers[$0.mark] }
        guard places.count == marks.branches.count else { return nil }
        self.place = place
        self.pattern = pattern
        self.marks = places
        self.texts = marks.branches.map { branch in
            String(decoding: tree.text[branch.range.clamped(to: 0..<tree.text.count)], as: UTF8.self)
        }
        self.taken = Array(repeating: false, count: places.count)
    }

    var isIncomplete: Bool { taken.contains(false) }

    var notTaken: [String] { texts.indices.filter { !taken[$0] }.map { texts[$0] } }

    mutating func note(_ subject: [UInt8], _ scratch: MatchScratch) {
        guard case .matched(let ranges) = pattern.match(subject.span, scratch: scratch) else { return }
        for (index, group) in marks.enumerated() where ranges[group] != nil { taken[index] = true }
    }
}
