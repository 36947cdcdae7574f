import Routing

/// Follows `set`, `if`, `rewrite` and `return` of a block, in their order.
struct RewritePhase {
    let values: ValueEvaluator
    let returns: ReturnTranslator
    let rewrites: RewriteTranslator
    let conditions: IfConditionParser
    let findings: FindingCollector

    /// - Returns: whether the block responds to every request, so that nothing after it applies.
    func run(_ block: [Directive], _ context: inout RuleContext, name: String) -> Bool {
        for directive in block {
            do throws(Untranslatable) {
                switch directive.name {
                case "set":
                    guard let variable = directive.argument(0), let value = directive.argument(1) else {
                        continue
                    }
                    context.assigned[variable.dropFirst().lowercased()] = values.bind(value, context)
                case "break": return false
                case "return":
                    returns.translate(directive, context, name: name)
                    return true
                case "rewrite": try rewrites.translate(directive, &context, name: name)
                case "if": try branch(directive, &context, name: name)
                default: continue
                }
            } catch {
                findings.untranslated(error)
                if directive.name == "if", Self.deniesAccess(directive) { context.closed = error }
            }
        }
        return false
    }

    /// Whether an `if` keeps requests out.
    private static func deniesAccess(_ directive: Directive) -> Bool {
        (directive.block ?? []).contains { $0.name == "return" && ($0.argument(0) ?? "").hasPrefix("4") }
    }

    private func branch(
        _ directive: Directive,
        _ context: inout RuleContext,
        name: String
    ) throws(Untranslatable) {
        let position = directive.position
        let inner = directive.block ?? []
        let what = directive.text()
        let responds = inner.allSatisfy { inner in
            inner.name == "return"
                || (inner.name == "rewrite" && ["redirect", "permanent"].contains(inner.argument(2)))
        }
        guard responds, !inner.isEmpty else {
            throw Untranslatable(
                what,
                at: position,
                "only an `if` with `return` or a redirect can become a rule"
            )
        }
        guard let test = try conditions.parse(directive, context, what) else { return }
        var nested = context
        nested.blocks.append(inner)
        nested.active += test.active
        switch context.condition.and(test.condition) {
        case .never: return
        case .inexpressible:
            throw Untranslatable(what, at: position, "a rule cannot combine this condition with its others")
        case .both(let both): nested.condition = both
        }
        if test.condition.host.base != .any || !test.condition.host.patterns.isEmpty {
            nested.hostPosition = position
        }
        if run(inner, &nested, name: "\(name):\(position.line)"), test.isAlways {
            // No request gets past this `if`.
            context.closed = nil
        }
    }
}
