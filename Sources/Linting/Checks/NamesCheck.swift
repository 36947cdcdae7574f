import Routing
import RoutingConfig

/// Rules that lead to names while there is no source of names: each of their requests is refused.
struct NamesCheck {
    let context: LintContext

    func run() {
        guard context.inspected.configuration.names.isEmpty else { return }
        let forwarding = context.rules.filter(Self.needsNames)
        guard let first = forwarding.first else { return }
        let others = forwarding.count - 1
        let more =
            others == 0
            ? "" : others == 1 ? ", and one of another rule" : ", and those of \(others) other rules"
        context.report(
            .missingNames,
            first,
            key: "to",
            "there is no `names`, so that no target has an address: each request of this rule is refused "
                + "(503 unknown_target)\(more)",
            hint: "add `names:` to the file, for example `names: [{ system: {} }]` (docs/names.md)"
        )
    }

    /// Whether a rule leads to anything but an address that it spells out.
    private static func needsNames(_ rule: RuleView) -> Bool {
        guard case .forward(let to) = rule.definition.action, let parts = TargetChecks.name(of: to) else {
            return false
        }
        guard parts.count == 1, case .literal(let bytes, _) = parts[0] else { return true }
        return IPAddress(bytes.text) == nil
    }
}
