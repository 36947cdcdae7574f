import Routing
import RoutingConfig

/// Makes the rules of a location.
struct LocationTranslator {
    let rewritePhase: RewritePhase
    let handler: LocationHandler
    let rules: RuleCollector
    let review: DirectiveReview
    let findings: FindingCollector

    /// - Parameters:
    ///   - server: the context of the server that has the location.
    ///   - name: the name of the server's rules.
    func translate(_ step: LocationStep, _ server: RuleContext, name: String) {
        let location = step.chain.last
        var context = server
        for location in step.chain { context.blocks.append(location.block) }
        context.location = location
        context.pathPosition = location?.position
        if let location { review.review(blockOf: location.directive) }
        let name = name + Self.suffix(step)
        let position = location?.position ?? context.server.position
        if let regex = step.condition.regex {
            if let why = regex.whyUnusable {
                findings.untranslated("location ~ \(regex.text)", at: position, why)
                return
            }
            context.active.append(regex)
        }
        guard case .both(let condition) = context.condition.and(RuleCondition(path: step.condition)) else {
            return
        }
        context.condition = condition
        if let path = step.redirectsTo {
            rules.add(context, name: name, at: position) { rule, _ in
                rule.title = "nginx redirects to the path with its slash (\(position.fileAndLine))"
                rule.add("redirect: \(YAMLText.quoted(path.escapedForTemplate + "${query_part}"))", at: nil)
                rule.add("status: 301", at: nil)
            }
            return
        }
        if let location, rewritePhase.run(location.block, &context, name: name) { return }
        handler.handle(context, name: name, at: position)
    }

    /// Distinguishes the rules of a server's locations.
    private static func suffix(_ step: LocationStep) -> String {
        switch step.condition {
        case .any, .prefix("/"): ""
        case .exact(let path): path
        case .prefix(let path): path
        case .pattern: ":\(step.chain.last?.position.line ?? 0)"
        }
    }
}
