import Routing
import RoutingConfig

/// Makes the rules of a `return`.
struct ReturnTranslator {
    let values: ValueEvaluator
    let redirects: RedirectWriter
    let rules: RuleCollector
    let guards: ReturnGuards
    let pages: ErrorPageTranslator
    let findings: FindingCollector

    func translate(_ directive: Directive, _ context: RuleContext, name: String) {
        let position = directive.position
        let first = directive.argument(0) ?? ""
        let text = Int(first) == nil ? first : directive.argument(1)
        let status = Int(first) ?? 302
        let isRedirect = [301, 302, 303, 307, 308].contains(status) && text != nil
        var context = context
        context.closed = guards.cause(
            before: directive.text(words: 2),
            at: position,
            status: isRedirect || text == nil || status >= 400 ? status : 200,
            context
        )
        if context.closed == nil { context.closed = errorPage(for: status, context) }
        do throws(Untranslatable) {
            try values.checkNumbers([text ?? ""], context, at: position)
            let bound = [values.bind(text ?? "", context)]
            for variant in try values.expand(bound, context, at: position) {
                var narrowed = context
                narrowed.condition = variant.condition
                let parts = variant.values[0]
                rules.add(narrowed, name: name, at: position, used: ValueText.captures(variant.values)) {
                    rule,
                    naming throws(Untranslatable) in
                    if isRedirect {
                        pages.review(status, narrowed)
                        try redirects.write(parts, status: status, naming, narrowed, at: position, &rule)
                    } else {
                        try respond(parts, status: status, narrowed, at: position, &rule)
                    }
                }
            }
        } catch {
            rules.addRefusal(context, name: name, at: position, error)
        }
    }

    /// An `error_page` that makes the response another one; nil: there is none.
    private func errorPage(for status: Int, _ context: RuleContext) -> Untranslatable? {
        for page in context.all("error_page") {
            let words = page.arguments.map(\.text)
            guard words.contains(String(status)), let target = words.last,
                target.hasPrefix("@") || words.contains(where: { $0.hasPrefix("=") })
            else { continue }
            return Untranslatable(
                "error_page",
                at: page.position,
                "nginx goes on with `\(target)` after a `return \(status)`"
            )
        }
        return nil
    }

    private func respond(
        _ parts: [ValuePart],
        status: Int,
        _ context: RuleContext,
        at position: SourceLocation,
        _ rule: inout ImportedRule
    ) throws(Untranslatable) {
        pages.review(status, context)
        guard let body = ValueText.literal(parts) else {
            throw Untranslatable("return \(status)", at: position, "a rule's response cannot have variables")
        }
        if status == 444 {
            findings.untranslated(
                "return 444",
                at: position,
                "Berth does not close a connection without a response: the rule responds with 403"
            )
            rule.add("respond: 403", at: position)
            return
        }
        guard (200...599).contains(status) else {
            throw Untranslatable(
                "return \(status)",
                at: position,
                "the status of a rule's response must be from 200 to 599"
            )
        }
        if body.isEmpty {
            rule.add("respond: \(status)", at: position)
            return
        }
        let type = YAMLText.quoted(ContentType.of(context))
        if case .exact = context.condition.path {
        } else {
            findings.note(
                "return \(status)",
                at: position,
                "the type is the same for every path; nginx has others for the extensions of `types`"
            )
        }
        rule.add(
            "respond: { status: \(status), body: \(YAMLText.quoted(body)), content_type: \(type) }",
            at: position
        )
    }
}
