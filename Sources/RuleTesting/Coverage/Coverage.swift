import Operations
import PCRE2
import Routing

/// Which rules some case reached, and which branches of their patterns' alternations.
package struct Coverage {
    /// A rule or a branch that no case reached.
    package struct Missing {
        /// `file:line` of the rule.
        package let place: String
        /// `front` or `local`.
        package let tier: String
        package let rule: String
        /// Nil: the rule itself. Otherwise the branch as it is written.
        package let branch: String?
        /// `host` or `path`: the pattern that the branch is of.
        package let pattern: String?

        package var words: String {
            guard let branch, let pattern else { return "no case reaches the rule `\(rule)`" }
            return "no case takes the branch `\(branch)` of the \(pattern) of the rule `\(rule)`"
        }
    }

    /// One tier's rules, whichever files of cases test them.
    private struct Tier {
        let name: String
        let files: [String]
        var rules: [RuleCoverage]
    }

    private var tiers: [Tier] = []
    private let scratch = MatchScratch()

    init() {}

    /// - Returns: the tier's place, for `note`.
    mutating func add(_ stage: DryRun.Stage) -> Int {
        if let known = tiers.firstIndex(where: { $0.name == stage.name && $0.files == stage.files }) {
            return known
        }
        tiers.append(
            Tier(name: stage.name, files: stage.files, rules: stage.table.rules.map { RuleCoverage($0) })
        )
        return tiers.count - 1
    }

    mutating func note(_ step: DryRunStep, _ tier: Int) {
        guard let decision = step.decision, let index = decision.ruleIndex,
            tiers[tier].rules.indices.contains(index)
        else { return }
        // The rule did not match: its pattern was given up.
        if case .refuse(let refusal) = decision.outcome, refusal.reason == .matchLimit { return }
        tiers[tier].rules[index].note(step, scratch)
    }

    // MARK: Figures

    package var rules: (reached: Int, all: Int) {
        let all = tiers.flatMap(\.rules)
        return (all.count { $0.isReached }, all.count)
    }

    package var branches: (reached: Int, all: Int) {
        let all = tiers.flatMap(\.rules).flatMap(\.patterns)
        return (all.reduce(0) { $0 + $1.taken.count { $0 } }, all.reduce(0) { $0 + $1.taken.count })
    }

    /// Patterns with alternations of which PCRE2 does not tell which branch it took: those count groups by number.
    package var untold: Int { tiers.flatMap(\.rules).reduce(0) { $0 + $1.untold } }

    /// Of rules and branches together, 0 to 100.
    package var percent: Double {
        let (rules, branches) = (rules, branches)
        let all = rules.all + branches.all
        return all == 0 ? 100 : Double(rules.reached + branches.reached) * 100 / Double(all)
    }

    /// `rules 3 of 4, branches 5 of 8: 66.7 %`
    package var summary: String {
        let (rules, branches) = (rules, branches)
        var text = "rules \(rules.reached) of \(rules.all)"
        if branches.all > 0 { text += ", branches \(branches.reached) of \(branches.all)" }
        if untold > 0 {
            text += ", \(untold) \(untold == 1 ? "pattern" : "patterns") whose branches cannot be told"
        }
        return text + ": \(Self.tenths(percent)) %"
    }

    /// Rounded down: 99.96 is not yet 100.
    private static func tenths(_ percent: Double) -> String {
        let tenths = Int(percent * 10)
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// In the order of tiers and rules.
    package var missing: [Missing] {
        tiers.flatMap { tier in tier.rules.flatMap { $0.missing(tier: tier.name) } }
    }
}

/// Coverage as a part of a JSON object.
struct CoverageJSON: Encodable {
    let percent: Double
    let rules: Int
    let rulesReached: Int
    let branches: Int
    let branchesReached: Int
    let missing: [Missing]

    struct Missing: Encodable {
        let tier: String
        let location: String
        let rule: String
        let pattern: String?
        let branch: String?
    }

    enum CodingKeys: String, CodingKey {
        case percent, rules, branches, missing
        case rulesReached = "rules_reached"
        case branchesReached = "branches_reached"
    }

    init(_ coverage: Coverage) {
        percent = coverage.percent
        (rulesReached, rules) = coverage.rules
        (branchesReached, branches) = coverage.branches
        missing = coverage.missing.map {
            Missing(tier: $0.tier, location: $0.place, rule: $0.rule, pattern: $0.pattern, branch: $0.branch)
        }
    }
}
