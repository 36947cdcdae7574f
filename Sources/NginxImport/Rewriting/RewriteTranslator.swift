import Routing

/// Makes the rules of a `rewrite` that redirects, or notes the path that it produces.
struct RewriteTranslator {
    let values: ValueEvaluator
    let redirects: RedirectWriter
    let rules: RuleCollector
    let regexes: RegexFactory
    let findings: FindingCollector

    func translate(
        _ directive: Directive,
        _ context: inout RuleContext,
        name: String
    ) throws(Untranslatable) {
        guard let pattern = directive.argument(0), let target = directive.argument(1) else { return }
        let flag = directive.argument(2)
        let what = "rewrite \(pattern)"
        let regex = regexes.make(pattern, ignoresCase: false, at: directive.position)
        if let why = regex.compileError { throw Untranslatable(what, at: directive.position, why) }
        let isRedirect =
            flag == "redirect" || flag == "permanent"
            || ["http://", "https://", "$scheme"].contains { target.hasPrefix($0) }
        if isRedirect {
            let status = flag == "permanent" ? 301 : 302
            try redirect(regex, to: target, status: status, context, name: name, what)
        } else {
            guard flag == "break", context.location != nil else {
                throw Untranslatable(what, at: regex.position, "it would select the location again")
            }
            try rewritePath(regex, to: target, &context, what)
        }
    }

    private func rewritePath(
        _ regex: NginxRegex,
        to target: String,
        _ context: inout RuleContext,
        _ what: String
    ) throws(Untranslatable) {
        guard context.rewrite == nil else {
            throw Untranslatable(what, at: regex.position, "a rule can rewrite the path only once")
        }
        var nested = context
        nested.active.append(regex)
        var path = values.bind(target, nested)
        if case .literal(let last)? = path.last, last.hasSuffix("?") {
            findings.note(what, at: regex.position, "the query is kept; nginx would drop it")
            path[path.count - 1] = .literal(String(last.dropLast()))
        }
        context.rewrite = PathRewrite(regex: regex, path: ValueText.joined(path), position: regex.position)
    }

    private func redirect(
        _ regex: NginxRegex,
        to target: String,
        status: Int,
        _ context: RuleContext,
        name: String,
        _ what: String
    ) throws(Untranslatable) {
        let position = regex.position
        guard let path = context.condition.path.and(regex) else {
            throw Untranslatable(
                what,
                at: position,
                "a rule has one pattern for its path, and the location already has one"
            )
        }
        var url = target
        // nginx appends the request's query unless the target ends with `?`.
        if target.hasSuffix("?") {
            url = String(target.dropLast())
        } else if target.contains("?") {
            findings.note(what, at: position, "the request's query is not appended to the query given here")
        } else {
            url += "$is_args$args"
        }
        var nested = context
        nested.condition.path = path
        nested.pathPosition = position
        nested.active.append(regex)
        for variant in try values.expand([values.bind(url, nested)], nested, at: position) {
            var narrowed = nested
            narrowed.condition = variant.condition
            rules.add(
                narrowed,
                name: "\(name):\(position.line)",
                at: position,
                used: ValueText.captures(variant.values)
            ) { rule, naming throws(Untranslatable) in
                try redirects.write(variant.values[0], status: status, naming, narrowed, at: position, &rule)
            }
        }
    }
}
