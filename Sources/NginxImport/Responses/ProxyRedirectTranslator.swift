import Routing
import RoutingConfig

/// Translates `proxy_redirect`, and what nginx does without one, to `rewrite_location`.
struct ProxyRedirectTranslator {
    let values: ValueEvaluator
    let templates: TemplateWriter
    let findings: FindingCollector

    /// Stands for the expression of a `proxy_redirect` among those of a rule.
    private static let own = -1

    private struct Pair {
        let from: String
        let to: String
        let position: SourceLocation
    }

    /// The groups of the rule that the values use.
    func captures(_ context: RuleContext) -> Set<ValuePart> {
        ValueText.captures(
            context.all("proxy_redirect").flatMap { line in
                line.arguments.map { values.bind(Self.parsed($0.text), context) }
            }
        )
    }

    func write(
        _ pass: Directive,
        _ target: ProxyTarget,
        hasVariables: Bool,
        _ naming: GroupNaming,
        _ context: RuleContext,
        _ rule: inout ImportedRule
    ) {
        var pairs: [Pair] = []
        let lines = context.all("proxy_redirect")
        do throws(Untranslatable) {
            for line in lines {
                switch line.argument(0) {
                case "off": break
                case "default":
                    if let pair = Self.standard(pass, hasVariables: hasVariables, context, at: line.position)
                    {
                        pairs.append(pair)
                    }
                default: pairs.append(try pair(line, target, naming, context))
                }
            }
            if lines.isEmpty,
                let pair = Self.standard(pass, hasVariables: hasVariables, context, at: pass.position)
            {
                pairs.append(pair)
            }
        } catch {
            // A later one must not apply in its place.
            findings.untranslated(error)
        }
        guard !pairs.isEmpty else { return }
        rule.add("rewrite_location:", at: nil)
        for pair in pairs {
            rule.add(
                "  - { from: \(YAMLText.quoted(pair.from)), to: \(YAMLText.quoted(pair.to)) }",
                at: pair.position
            )
        }
    }

    /// What nginx replaces by default: the URL of `proxy_pass` as it is written, by the path of its location.
    private static func standard(
        _ pass: Directive,
        hasVariables: Bool,
        _ context: RuleContext,
        at position: SourceLocation
    ) -> Pair? {
        // With variables there is no such URL.
        guard !hasVariables, let url = pass.argument(0), let scheme = url.firstRange(of: "://") else {
            return nil
        }
        let hasPath = url[scheme.upperBound...].contains("/")
        let path = hasPath ? context.location?.path ?? "/" : "/"
        return Pair(
            from: (hasPath ? url : url + "/").escapedForTemplate,
            to: path.escapedForTemplate,
            position: position
        )
    }

    private func pair(
        _ line: Directive,
        _ target: ProxyTarget,
        _ naming: GroupNaming,
        _ context: RuleContext
    ) throws(Untranslatable) -> Pair {
        func fail(_ why: String) -> Untranslatable {
            Untranslatable("proxy_redirect", at: line.position, why)
        }
        guard let from = line.argument(0), let to = line.argument(1), !from.isEmpty, !to.isEmpty else {
            throw fail("a rule cannot replace nothing, or by nothing")
        }
        let isPattern = from.hasPrefix("~")
        var written = from
        if isPattern {
            let isCaseless = from.hasPrefix("~*")
            let regex = NginxRegex(
                id: Self.own,
                text: String(from.dropFirst(isCaseless ? 2 : 1)),
                ignoresCase: isCaseless,
                position: line.position
            )
            guard regex.captureNames.isEmpty else { throw fail("name no groups in it: write `$1`") }
        } else {
            try values.checkNumbers([from], context, at: line.position)
            written = try text(values.bind(from, context), target, naming, context, at: line.position)
            guard written.hasPrefix("/") || written.hasPrefix("$") || written.contains(":/") else {
                throw fail("a rule's `from` begins with a scheme or `/`")
            }
        }
        let bound = values.bind(isPattern ? Self.parsed(to) : ValueText.parse(to), context)
        if !isPattern { try values.checkNumbers([to], context, at: line.position) }
        let with = try text(bound, target, naming, context, at: line.position)
        guard RedirectTemplate.isPossibleLocation(with), with.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw fail("a rule cannot write `\(to)`")
        }
        return Pair(from: written, to: with, position: line.position)
    }

    /// A value whose numbers mean groups of the expression beside it.
    private static func parsed(_ text: String) -> [ValuePart] {
        ValueText.parse(text).map { part in
            if case .number(let number) = part { .capture(regex: own, number: number) } else { part }
        }
    }

    private func text(
        _ parts: [ValuePart],
        _ target: ProxyTarget,
        _ naming: GroupNaming,
        _ context: RuleContext,
        at position: SourceLocation
    ) throws(Untranslatable) -> String {
        let resolved = HeaderFieldTranslator.resolved(parts, target)
        for case .variable(let name) in resolved where values.variables.map(name) != nil {
            throw Untranslatable("proxy_redirect", at: position, "a rule cannot use the map `$\(name)` here")
        }
        return try templates.template(resolved, .url, naming, context, at: position, own: Self.own)
    }
}
