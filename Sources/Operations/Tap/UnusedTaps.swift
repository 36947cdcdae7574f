import Routing
package import RoutingConfig

/// Rules with `tap` in a tier without a tap log.
package enum UnusedTaps {
    /// One finding, about the first of them.
    package static func findings(_ inspected: InspectedConfiguration) -> [Diagnostic] {
        let tapped = inspected.configuration.table.rules.filter { $0.tap != nil }
        guard let first = tapped.first else { return [] }
        let more = tapped.count == 1 ? "" : ", as in \(tapped.count - 1) more of the rules"
        return [
            inspected.finding(
                .conflictingKeys,
                rule: first.index,
                key: "tap",
                "`tap` has no effect\(more): the tier has no tap log",
                hint: "start the tier with --tap-log FILE"
            )
        ]
    }
}
