import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// Rules that no request ever gets to.
///
/// Looks up which rule matches a host of the rule; if it is an earlier rule, searches for a host that it does not
/// match; looks up again, and so on: only rules that really match hosts of this one are ever compared.
struct ShadowingCheck {
    let context: LintContext

    func run() {
        for rule in context.rules.dropFirst() { check(rule) }
    }

    private func check(_ rule: RuleView) {
        guard case .found(let sample) = rule.sample else {
            // Another check reports that there is none.
            if case .unknown = rule.sample { checkUnknown(rule) }
            return
        }
        var takers = context.takers(of: sample, before: rule)
        guard !takers.isEmpty else { return }
        for taker in takers where surelyTakes(taker, rule) { return report(rule, [taker], sample) }
        guard rule.holding != nil else { return note(rule, takers) }
        while takers.count <= LintBounds.takers {
            let known = takers.compactMap(\.language)
            switch search(rule, without: known) {
            case .none: return report(rule, takers.filter { $0.language != nil }, sample)
            case .unknown: return note(rule, takers)
            case .found(let host):
                // Of a rule whose hosts are not known exactly, this may be none.
                guard rule.language != nil || rule.accepts(host) else { return note(rule, takers) }
                let others = context.takers(of: host, before: rule)
                if others.isEmpty { return }
                let new = others.filter { other in !takers.contains { $0 === other } }
                // What remains is taken by rules of which not all is known.
                if new.isEmpty { return leavesSome(takers, rule) ? () : note(rule, others) }
                if let taker = new.first(where: { surelyTakes($0, rule) }) {
                    return report(rule, [taker], sample)
                }
                takers += new
            }
        }
        note(rule, takers)
    }

    /// Of a rule whose hosts are not known: only a rule for all hosts, or for the very same, takes it.
    private func checkUnknown(_ rule: RuleView) {
        let earlier = context.rules.prefix(rule.index)
        let covering = earlier.lazy.filter { $0.conditions.cover(rule.conditions) }
        if let taker = covering.first(where: { $0.surelyHolds(rule) }) { return report(rule, [taker], nil) }
        guard let hosts = rule.holding else { return }
        for taker in covering.prefix(LintBounds.takers) {
            if surelyTakes(taker, rule) { return report(rule, [taker], nil) }
            guard let others = taker.holding else { continue }
            if HostSearch(inside: [hosts, others]).find() != .none { return note(rule, [taker]) }
        }
    }

    private func surelyTakes(_ taker: RuleView, _ rule: RuleView) -> Bool {
        if taker.surelyHolds(rule) { return true }
        guard let language = taker.language else { return false }
        return search(rule, without: [language]) == .none
    }

    /// Whether rules of which not all is known leave a host in any case.
    private func leavesSome(_ takers: [RuleView], _ rule: RuleView) -> Bool {
        let holding = takers.compactMap(\.holding)
        guard holding.count == takers.count, case .found(let host) = search(rule, without: holding) else {
            return false
        }
        return rule.accepts(host) && context.takers(of: host, before: rule).isEmpty
    }

    private func search(_ rule: RuleView, without others: [Language]) -> HostSearch.Result {
        guard let hosts = rule.holding else { return .unknown }
        return HostSearch(inside: [hosts], outside: others).find()
    }

    private func report(_ rule: RuleView, _ all: [RuleView], _ sample: [UInt8]?) {
        rule.isUnreachable = true
        let takers = needed(rule, all)
        let names = takers.prefix(3).map { context.named($0, seenFrom: rule) }
        let rest = takers.count > 3 ? " and \(takers.count - 3) more" : ""
        let example = sample.map { ", e.g. `\($0.text)`," } ?? ""
        if takers.count == 1, let taker = takers.first, isSame(taker, rule) {
            let message =
                "rule `\(rule.name)` is \(names[0]) once more: what it accepts\(example) is taken there"
            context.report(.duplicateRule, rule, key: rule.hostKey, message, hint: "remove one of them")
            return
        }
        let message =
            "rule `\(rule.name)` can never match: every host it accepts\(example) is taken by "
            + names.joined(separator: ", ") + rest
        let hint = "the first rule that matches wins: move this rule before it, or remove it"
        context.report(.unreachableRule, rule, key: rule.hostKey, message, hint: hint)
    }

    /// Those without which a host would be left.
    private func needed(_ rule: RuleView, _ takers: [RuleView]) -> [RuleView] {
        var needed = takers
        for taker in takers where needed.count > 1 {
            let others = needed.filter { $0 !== taker }
            if search(rule, without: others.compactMap(\.language)) == .none { needed = others }
        }
        return needed.sorted { $0.index < $1.index }
    }

    /// Whether two rules differ in nothing that matters.
    private func isSame(_ taker: RuleView, _ rule: RuleView) -> Bool {
        guard taker.conditions == rule.conditions, RuleEquivalence(taker) == RuleEquivalence(rule) else {
            return false
        }
        guard let language = taker.language, let other = rule.language else {
            return taker.definition.host == rule.definition.host
        }
        return HostSearch(inside: [language], outside: [other]).find() == .none
    }

    private func note(_ rule: RuleView, _ takers: [RuleView]) {
        let why = takers.lazy.compactMap(\.unsupported).first ?? rule.unsupported
        let reason =
            why.map { "it is not decided for patterns with \($0)" }
            ?? "the patterns are too large to decide it"
        let names = takers.prefix(3).map { context.named($0, seenFrom: rule) }.joined(separator: ", ")
        context.note(rule, "whether rule `\(rule.name)` can match after \(names) is not known: \(reason)")
    }
}
