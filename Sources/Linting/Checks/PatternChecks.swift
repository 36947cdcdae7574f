import PCRE2
import PatternLanguages
import PatternSyntax
import Routing
import RoutingConfig

/// All of a rule's patterns: captures that nothing uses, dots, anchors.
struct PatternChecks {
    let context: LintContext
    let rule: RuleView

    func run() {
        for location in PatternLocation.all(of: rule) {
            let tree = PatternTree(location.pattern, ignoresCase: location.options.contains(.caseless))
            checkUnused(tree, location)
            DotCheck(context: context, rule: rule, tree: tree, location: location).run()
            if location.isPath {
                AnchorCheck(context: context, rule: rule, tree: tree, location: location).run()
            }
        }
    }

    // MARK: Unused captures

    private func checkUnused(_ tree: PatternTree, _ location: PatternLocation) {
        guard let referred = CaptureUse.referred(in: tree) else { return }
        let used = location.used(tree).union(referred)
        for capture in tree.captures where capture.name == nil && !used.contains(capture.number) {
            let others = tree.captures.contains {
                $0.name == nil && used.contains($0.number) && $0.number > capture.number
            }
            let hint =
                others
                ? "write `(?:…)`; the numbers of the captures after it decrease by one"
                : "write `(?:…)`, or give it a name, `(?<name>…)`, to see it in logs and tests"
            let range = capture.range.lowerBound..<(capture.range.lowerBound + 1)
            context.report(
                .unusedCapture,
                rule,
                key: location.key,
                part: location.part(range),
                "nothing uses what capture \(capture.number) takes, and it has no name",
                hint: hint
            )
        }
    }
}
