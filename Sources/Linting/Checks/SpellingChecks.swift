import PCRE2
import PatternSyntax
import Routing

/// Texts that stand for themselves, and were probably meant to be a pattern or a reference.
struct SpellingChecks {
    let context: LintContext
    let rule: RuleView

    func run() {
        if let path = rule.definition.path, !path.hasPrefix("~") {
            check(pattern: path, key: "path", "the path")
        }
        for header in rule.definition.headers where !header.value.hasPrefix("~") {
            check(pattern: header.value, key: "headers.\(header.name)", "the field `\(header.name)`")
        }
        let known = names
        for (key, text) in templates {
            guard let found = Misspelling.reference(in: text), known.contains(found.name) else { continue }
            context.report(
                .missingDollar,
                rule,
                key: key,
                part: found.range,
                "`{\(found.name)}` goes out as it is written: it has no dollar",
                hint: "write `${\(found.name)}`"
            )
        }
    }

    private func check(pattern text: String, key: String, _ what: String) {
        guard Misspelling.looksLikePattern(text) else { return }
        let shown = text.prefix(80)
        context.report(
            .literalPattern,
            rule,
            key: key,
            "\(what) is compared with `\(shown)` byte for byte: a pattern begins with `~`",
            hint: "write `'~\(shown)'`, or allow the finding where these bytes are meant"
        )
    }

    private var templates: [(key: String, text: String)] {
        let definition = rule.definition
        var templates: [(String, String)] = []
        switch definition.action {
        case .forward(let to): templates.append(("to", to))
        case .redirect(let to, _): templates.append(("redirect", to))
        case .respond: break
        }
        for field in definition.setHeaders { templates.append(("set_headers.\(field.name)", field.value)) }
        if let rewrite = definition.rewritePath { templates.append(("rewrite_path.with", rewrite.with)) }
        if let host = definition.hostHeader { templates.append(("host_header", host)) }
        return templates
    }

    /// What templates of the rule may refer to.
    private var names: Set<String> {
        var names = Set(TemplateVariable.allCases.map(\.rawValue))
        for location in PatternLocation.all(of: rule) {
            let tree = PatternTree(location.pattern, ignoresCase: location.options.contains(.caseless))
            names.formUnion(tree.captures.compactMap(\.name))
        }
        return names
    }
}
