import DryRun
import PCRE2
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
