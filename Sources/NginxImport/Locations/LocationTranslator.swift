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
    /// - Returns: why rules cannot tell the location's requests from those of the steps after it, which then must
    ///   let none through; nil: they can.
    func translate(_ step: LocationStep, _ server: RuleContext, name: String) -> Untranslatable? {
        let location = step.chain.last
        var context = server
        for location in step.chain {
            context.enter(location.block)
            context.closed = context.closed ?? location.closed
        }
        context.location = location
        context.pathPosition = location?.position
        if let location { review.review(blockOf: location.directive) }
        let name = name + Self.suffix(step)
        let position = location?.position ?? context.server.position
        if let regex = step.condition.regex {
            if let why = regex.whyUnusable {
                return Untranslatable("location ~ \(regex.text)", at: position, why)
            }
            context.active.append(regex)
        }
        switch context.condition.and(RuleCondition(path: step.condition)) {
        case .both(let condition): context.condition = condition
        case .never: return nil
        case .inexpressible:
            let why = "a rule cannot combine its path with the condition of an `if` of the server"
            return Untranslatable("location", at: position, why)
        }
        if let path = step.redirectsTo {
            rules.add(context, name: name, at: position) { rule, _ in
                rule.title = "nginx redirects to the path with its slash (\(position.fileAndLine))"
                rule.add(
                    "redirect: \(YAMLText.quoted(Self.encoded(path).escapedForTemplate + "${query_part}"))",
                    at: nil
                )
                rule.add("status: 301", at: nil)
            }
            return nil
        }
        translate(location, context, name: name, at: position)
        return nil
    }

    private func translate(
        _ location: Location?,
        _ context: RuleContext,
        name: String,
        at position: SourceLocation
    ) {
        guard let location else {
            handler.handle(context, name: name, at: position)
            return
        }
        if context.closed == nil, location.block.contains(where: { $0.name == "internal" }) {
            rules.add(context, name: name, at: position) { rule, _ in rule.add("respond: 404", at: position) }
            return
        }
        guard let limit = location.block.last(where: { $0.name == "limit_except" }) else {
            follow(location, context, name: name, at: position)
            return
        }
        var methods = limit.arguments.map { $0.text.uppercased() }
        if methods.contains("GET"), !methods.contains("HEAD") { methods.append("HEAD") }
        switch context.condition.and(RuleCondition(methods: methods)) {
        case .both(let condition):
            var allowed = context
            allowed.condition = condition
            follow(location, allowed, name: name, at: position)
        case .never: break
        case .inexpressible:
            let why = "a rule cannot combine its methods with its other conditions"
            rules.addRefusal(
                context,
                name: name,
                at: position,
                Untranslatable("limit_except", at: limit.position, why)
            )
            return
        }
        // For other methods, nginx skips `rewrite`, `if` and `return` of the location.
        var limited = context
        review.review(blockOf: limit)
        limited.branch = limit.block ?? []
        limited.closeIfIncomplete(limit.block ?? [])
        handler.handle(limited, name: "\(name):\(limit.position.line)", at: limit.position)
    }

    private func follow(
        _ location: Location,
        _ context: RuleContext,
        name: String,
        at position: SourceLocation
    ) {
        rewritePhase.run(location.block, context, name: name) { left in
            handler.handle(left, name: name, at: position)
        }
    }

    /// A path as a URL has it.
    private static func encoded(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var text = ""
        for byte in path.utf8 {
            if ValueText.isNameByte(byte) || "/-.~!$&'()*+,;=:@".utf8.contains(byte) {
                text.append(Character(Unicode.Scalar(byte)))
            } else {
                text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return text
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
