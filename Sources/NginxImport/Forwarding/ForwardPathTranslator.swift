import Routing

/// Translates the path of a `proxy_pass`.
struct ForwardPathTranslator {
    let templates: TemplateWriter
    let findings: FindingCollector

    func translate(
        _ target: ProxyTarget,
        _ plan: ForwardPlan,
        _ naming: GroupNaming,
        _ context: RuleContext
    ) throws(Untranslatable) -> ForwardPath {
        let path = try untested(target, plan, naming, context)
        try path.check(at: plan.position)
        return path
    }

    private func untested(
        _ target: ProxyTarget,
        _ plan: ForwardPlan,
        _ naming: GroupNaming,
        _ context: RuleContext
    ) throws(Untranslatable) -> ForwardPath {
        let position = plan.position
        if let rewrite = context.rewrite, let parts = plan.rewrittenPath {
            guard target.path == nil else {
                throw Self.failure("its path conflicts with the path of a `rewrite`", at: position)
            }
            let with = try templates.template(
                parts,
                .url,
                naming,
                context,
                at: rewrite.position,
                own: rewrite.regex.id
            )
            return .rewrite(match: rewrite.regex.text, with: with, position: rewrite.position)
        }
        guard let path = target.path else { return .prefix("") }
        if plan.hasVariables { return try replaceAll(path, naming, context, at: position) }
        guard let new = ValueText.literal(path), new.hasPrefix("/"), !new.contains("?") else {
            throw Self.failure("its path cannot have a query", at: position)
        }
        return try replaceLocation(new, context, at: position)
    }

    private static func failure(_ why: String, at position: SourceLocation) -> Untranslatable {
        Untranslatable("proxy_pass", at: position, why)
    }

    /// Without variables, nginx replaces the part of the path that matched the location.
    private func replaceLocation(
        _ new: String,
        _ context: RuleContext,
        at position: SourceLocation
    ) throws(Untranslatable) -> ForwardPath {
        switch context.location?.kind {
        case .exact:
            return .rewrite(match: "^", with: new.escapedForTemplate, position: position)
        case .prefix(let old, _):
            if new == old { return .prefix("/") }
            if new.hasSuffix(old) {
                return .prefix(String(new.dropLast(old.utf8.count - 1)).escapedForTemplate)
            }
            let literal = RegexText.escaped(old)
            let with = new.escapedForTemplate + "$1"
            guard new.hasSuffix("/"), !old.hasSuffix("/") else {
                return .rewrite(match: "(?s)^\(literal)(.*)$", with: with, position: position)
            }
            findings.untranslated(
                "proxy_pass",
                at: position,
                "for `\(old)/x` nginx sends `\(new)/x`; Berth sends one slash"
            )
            return .rewrite(match: "(?s)^\(literal)/?(.*)$", with: with, position: position)
        case .regex, .named, nil:
            let why = "nginx does not allow a path here in a location with a regular expression"
            throw Self.failure(why, at: position)
        }
    }

    /// With variables, the path of the directive replaces the whole path.
    private func replaceAll(
        _ path: [ValuePart],
        _ naming: GroupNaming,
        _ context: RuleContext,
        at position: SourceLocation
    ) throws(Untranslatable) -> ForwardPath {
        if path == [.variable("request_uri")] { return .prefix("") }
        var (parts, keepsQuery) = Self.removingQuery(path)
        let pathVariables: [ValuePart] = [
            .variable("uri"), .variable("document_uri"), .variable("request_uri"),
        ]
        let endsInPath = parts.last.map(pathVariables.contains) ?? false
        if parts.last == .variable("request_uri") { keepsQuery = true }
        if !keepsQuery {
            throw Self.failure("nginx drops the query, and a rule cannot", at: position)
        }
        guard endsInPath else {
            for case .literal(let text) in parts where text.contains("?") {
                throw Self.failure("a rule cannot produce its query", at: position)
            }
            let with = try templates.template(parts, .url, naming, context, at: position)
            return .rewrite(match: "^", with: with, position: position)
        }
        let start = Array(parts.dropLast())
        if parts.last == .variable("request_uri") {
            findings.untranslated(
                "proxy_pass",
                at: position,
                "nginx sends the path as received after this; Berth sends its normal form after a prefix"
            )
        }
        for part in start {
            if case .literal(let text) = part, !text.contains("?") { continue }
            if case .capture = part { continue }
            throw Self.failure("only text and captures can stand before the path", at: position)
        }
        let prefix = try templates.template(start, .url, naming, context, at: position)
        return .prefix(prefix.isEmpty ? "/" : prefix)
    }

    /// The parts without the request's query at their end, and whether it was there.
    private static func removingQuery(_ path: [ValuePart]) -> ([ValuePart], hadQuery: Bool) {
        var parts = path
        var hadQuery = false
        for query: [ValuePart] in [
            [.variable("is_args"), .variable("args")], [.variable("is_args"), .variable("query_string")],
        ] where parts.count >= 2 && Array(parts.suffix(2)) == query {
            parts.removeLast(2)
            hadQuery = true
        }
        if case .variable("args")? = parts.last, parts.count > 1,
            case .literal(let text) = parts[parts.count - 2],
            text.hasSuffix("?")
        {
            parts.removeLast(2)
            parts = ValueText.joined(parts + [.literal(String(text.dropLast()))])
            hadQuery = true
        }
        return (parts, hadQuery)
    }
}
