import DryRun
import PCRE2
import Routing

/// Which rules the cases reached, and which branches of the alternations in their patterns.
package struct Coverage {
    /// A rule or a branch that no case reached.
    package struct Missing {
        /// `file:line` of the rule.
        package let location: String
        /// `front` or `local`.
        package let tier: String
        package let rule: String
        /// The branch as it is written; nil: the rule itself was not reached.
        package let branch: String?
        /// The pattern of the branch: `host` or `path`.
        package let pattern: String?

        package var words: String {
            guard let branch, let pattern else { return "no case reaches the rule `\(rule)`" }
            return "no case takes the branch `\(branch)` of the \(pattern) of the rule `\(rule)`"
        }
    }

    /// One tier's rules, for all files of cases that test them.
    private struct Tier {
        let name: String
        let files: [String]
        var rules: [RuleCoverage]
    }

    private var tiers: [Tier] = []
    private let scratch = MatchScratch()

    init() {}

    /// - Returns: the index of the tier, for `note`.
    mutating func add(_ tier: DryRunTier) -> Int {
        if let known = tiers.firstIndex(where: { $0.name == tier.name && $0.files == tier.files }) {
            return known
        }
        tiers.append(
            Tier(name: tier.name, files: tier.files, rules: tier.table.rules.map { RuleCoverage($0) })
        )
        return tiers.count - 1
    }

    mutating func note(_ step: DryRunStep, _ tier: Int) {
        guard let decision = step.decision, let index = decision.ruleIndex,
            tiers[tier].rules.indices.contains(index)
        else { return }
        // The rule did not match: its pattern reached the match limit.
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

    /// The number of patterns whose branches cannot be observed: they refer to groups by number.
    package var unobservable: Int { tiers.flatMap(\.rules).reduce(0) { $0 + $1.unobservable } }

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
        if unobservable > 0 {
            text +=
                ", \(unobservable) \(unobservable == 1 ? "pattern" : "patterns") whose branches cannot be observed"
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
