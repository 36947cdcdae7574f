import Routing

/// Follows `set`, `if`, `rewrite` and `return` of a block, in their order.
struct RewritePhase {
    let values: ValueEvaluator
    let returns: ReturnTranslator
    let rewrites: RewriteTranslator
    let conditions: IfConditionParser
    let review: DirectiveReview

    /// Limits the number of paths through one block: each `if` can double it.
    private final class Budget {
        var left = NginxLimits.maxBranches
    }

    /// - Parameter then: is called for each kind of request that the block does not respond to itself, in the
    ///   order in which rules must test their conditions.
    func run(
        _ block: [Directive],
        _ context: RuleContext,
        name: String,
        then: (RuleContext) -> Void
    ) {
        run(block[...], context, name: name, Budget(), then: then)
    }

    private func run(
        _ block: ArraySlice<Directive>,
        _ start: RuleContext,
        name: String,
        _ budget: Budget,
        then: (RuleContext) -> Void
    ) {
        var context = start
        var rest = block
        budget.left -= 1
        if budget.left < 0, context.closed == nil, let first = rest.first {
            context.closed = Untranslatable("if", at: first.position, "too many combinations of conditions")
        }
        while context.closed == nil, let directive = rest.popFirst() {
            do throws(Untranslatable) {
                switch directive.name {
                case "set": try assign(directive, &context)
                case "break":
                    then(context)
                    return
                case "return":
                    returns.translate(directive, context, name: name)
                    return
                case "rewrite":
                    let isLast = !rest.contains { Self.codes.contains($0.name) }
                    switch try rewrites.translate(directive, &context, name: name, isLast: isLast) {
                    case .goesOn: continue
                    case .ends: return
                    case .matched(let matched, let isAlways):
                        then(matched)
                        if isAlways { return }
                    }
                case "if":
                    guard let left = try branch(directive, rest, context, name: name, budget, then: then)
                    else { return }
                    context = left
                default: continue
                }
            } catch {
                context.closed = error
            }
        }
        then(context)
    }

    /// The directives that this type follows.
    private static let codes: Set<String> = ["set", "if", "rewrite", "return", "break"]

    private func assign(_ directive: Directive, _ context: inout RuleContext) throws(Untranslatable) {
        guard let variable = directive.argument(0), let value = directive.argument(1) else { return }
        if variable.lowercased() == "$args" {
            throw Untranslatable("set $args", at: directive.position, "a rule cannot change the query")
        }
        context.assigned[variable.dropFirst().lowercased()] = values.bind(value, context)
        values.noteMaps(in: value, &context, at: directive.position)
    }

    /// Follows an `if`.
    ///
    /// - Returns: the context for the requests for which it does not hold, if these come last; nil: `rest` has
    ///   been followed for all requests.
    private func branch(
        _ directive: Directive,
        _ rest: ArraySlice<Directive>,
        _ context: RuleContext,
        name: String,
        _ budget: Budget,
        then: (RuleContext) -> Void
    ) throws(Untranslatable) -> RuleContext? {
        let inner = directive.block ?? []
        review.review(blockOf: directive)
        guard matters(inner) else { return context }
        let branches = try conditions.branches(directive, context, directive.text())
        var start = context
        if let variable = directive.argument(0) {
            let text = variable.hasPrefix("(") ? String(variable.dropFirst()) : variable
            values.noteMaps(in: text, &start, at: directive.position)
        }
        for (index, branch) in branches.enumerated() {
            var nested = start
            nested.condition = branch.condition
            nested.active += branch.active
            if branch.condition.host.text(naming: [:]) != context.condition.host.text(naming: [:]) {
                nested.hostPosition = directive.position
            }
            if branch.holds {
                if nested.location != nil { nested.branch = inner }
                nested.closeIfIncomplete(inner)
                run(
                    (inner + rest)[...],
                    nested,
                    name: "\(name):\(directive.position.line)",
                    budget,
                    then: then
                )
            } else if index == branches.count - 1 {
                return nested
            } else {
                run(rest, nested, name: name, budget, then: then)
            }
        }
        return nil
    }

    /// Whether the directives of an `if` change what becomes of a request. Many only set variables for a cache.
    private func matters(_ block: [Directive]) -> Bool {
        block.contains { directive in
            switch directive.name {
            case "set": values.variables.isUsed(directive.argument(0)?.dropFirst().lowercased() ?? "")
            case let name:
                KnownDirectives.translated.contains(name) || KnownDirectives.otherHandlers.contains(name)
                    || KnownDirectives.isGuard(name) || name == "include"
            }
        }
    }
}
