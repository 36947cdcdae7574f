import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// Pairs of rules that share some hosts while each has others: neither is the special case of the
/// other, so that their order decides, which was probably not intended.
struct OverlapCheck {
    let context: LintContext

    func run() {
        // A name or every host cannot overlap in part.
        let views = context.rules.filter { rule in
            if rule.isUnreachable { return false }
            switch rule.host {
            case .any, .exact: return false
            case .wildcard, .pattern: return true
            }
        }
        var pairs = AffixIndex(views.map(\.literals)).pairs(max: LintBounds.pairs)
        pairs.found.sort { ($0.second, $0.first) < ($1.second, $1.first) }
        var left = LintBounds.comparisons
        for pair in pairs.found {
            let (earlier, later) = (views[pair.first], views[pair.second])
            guard isWorthwhile(earlier, later) else { continue }
            guard left > 0 else {
                pairs.isComplete = false
                break
            }
            left -= 1
            compare(earlier, later)
        }
        if !pairs.isComplete, let first = views.first {
            let message = "not all pairs of the \(views.count) rules with patterns were compared for overlaps"
            context.note(first, message, hint: "at most \(LintBounds.comparisons) pairs are")
        }
    }

    private func isWorthwhile(_ earlier: RuleView, _ later: RuleView) -> Bool {
        if case .wildcard = earlier.host, case .wildcard = later.host { return false }
        return earlier.conditions.cover(later.conditions) && !earlier.surelyHolds(later)
            && !later.surelyHolds(earlier)
    }

    private func compare(_ earlier: RuleView, _ later: RuleView) {
        guard let one = earlier.holding, let other = later.holding,
            case .found(let shared) = HostSearch(inside: [one, other]).find(),
            case .found(let onlyEarlier) = HostSearch(inside: [one], outside: [other]).find(),
            case .found(let onlyLater) = HostSearch(inside: [other], outside: [one]).find()
        else { return }
        // Of what is not regular these are guesses until the patterns themselves take them.
        guard earlier.accepts(shared), later.accepts(shared), earlier.accepts(onlyEarlier),
            later.accepts(onlyLater)
        else {
            if earlier.definition.action != later.definition.action { noteUnknown(earlier, later) }
            return
        }
        // An earlier rule may match what both share.
        guard context.takers(of: shared, before: later).first === earlier,
            decisionsDiffer(earlier, later, shared)
        else { return }
        let message =
            "rule `\(later.name)` and \(context.named(earlier, seenFrom: later)) both accept hosts such as "
            + "`\(shared.text)`, which go to `\(earlier.name)`; `\(onlyEarlier.text)` is of the one alone, "
            + "`\(onlyLater.text)` of the other"
        let hint = "make the patterns exclude each other, or declare that the order is intended"
        context.report(.overlappingRules, later, key: "host", message, hint: hint)
    }

    private func noteUnknown(_ earlier: RuleView, _ later: RuleView) {
        guard let why = earlier.unsupported ?? later.unsupported else { return }
        let message =
            "whether rule `\(later.name)` and \(context.named(earlier, seenFrom: later)) share hosts is not known: "
            + "it is not decided for patterns with \(why)"
        context.note(later, message)
    }

    /// Whether it matters which of the two takes a host.
    private func decisionsDiffer(_ a: RuleView, _ b: RuleView, _ host: [UInt8]) -> Bool {
        guard let name = try? HostName(host.span) else { return false }
        let outcomes = [a, b].map { view -> String in
            var definition = view.definition
            definition.path = nil
            definition.methods = []
            definition.headers = []
            definition.clients = []
            guard let table = try? RouteTable([definition]) else { return view.name }
            return Witness.outcome(table, name)
        }
        return outcomes[0] != outcomes[1]
    }
}
