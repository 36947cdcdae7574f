import Routing

/// Makes the rules of a `rewrite` that redirects, or notes the path that it produces.
struct RewriteTranslator {
    enum Outcome {
        /// The directives after it apply to the requests of the context.
        case goesOn
        /// It responds to every request.
        case ends
        /// The block ends for the requests that it matches; `always`: these are all.
        case matched(RuleContext, always: Bool)
    }

    let values: ValueEvaluator
    let redirects: RedirectWriter
    let rules: RuleCollector
    let regexes: RegexFactory
    let guards: ReturnGuards

    /// - Parameter isLast: whether no other directive of the phase comes after it.
    func translate(
        _ directive: Directive,
        _ context: inout RuleContext,
        name: String,
        isLast: Bool
    ) throws(Untranslatable) -> Outcome {
        guard let pattern = directive.argument(0), let target = directive.argument(1) else { return .goesOn }
        let flag = directive.argument(2)
        let what = "rewrite \(pattern)"
        let regex = regexes.make(pattern, ignoresCase: false, at: directive.position)
        if let why = regex.compileError { throw Untranslatable(what, at: directive.position, why) }
        let isAlways = Self.matchesAll.contains(pattern) || Self.matches(pattern, allOf: context.location)
        let isRedirect =
            flag == "redirect" || flag == "permanent"
            || ["http://", "https://", "$scheme"].contains { target.hasPrefix($0) }
        if isRedirect {
            let status = flag == "permanent" ? 301 : 302
            try redirect(regex, to: target, status: status, context, name: name, what)
            context.active.append(regexes.unmatched(at: regex.position))
            return isAlways ? .ends : .goesOn
        }
        var matched = context
        matched.active.append(regex)
        if flag == "break", context.location != nil {
            matched.rewrite = try rewrite(regex, to: target, matched, what)
            if isLast {
                // Without a match the path stays: `rewrite_path` does the same.
                context = matched
                return .goesOn
            }
        } else {
            matched.closed = Untranslatable(
                what,
                at: regex.position,
                "it would select the location again: its requests get a 501"
            )
        }
        if !isAlways {
            guard let path = context.condition.path.and(regex) else {
                throw Self.twoPatterns(what, at: regex.position)
            }
            matched.condition.path = path
            matched.pathPosition = regex.position
        }
        context.active.append(regexes.unmatched(at: regex.position))
        return .matched(matched, always: isAlways)
    }

    /// Patterns that every path matches.
    private static let matchesAll: Set<String> = [
        "^", "^/", "/", "^/(.*)", "^/(.*)$", "^(.*)$", "(.*)", "^.*$", ".*", "^/.*$", "^(/.*)$",
    ]

    /// Whether every path of a location matches: `^/old/(.*)$` for `/old/`.
    private static func matches(_ pattern: String, allOf location: Location?) -> Bool {
        guard case .prefix(let path, _) = location?.kind else { return false }
        let ends = ["", "(.*)", "(.*)$", ".*", ".*$"]
        return [path, RegexText.escaped(path)].contains { start in
            ends.contains { pattern == "^\(start)\($0)" }
                || start.hasSuffix("/") && pattern == "^\(start.dropLast())(/.*)$"
        }
    }

    private static func twoPatterns(_ what: String, at position: SourceLocation) -> Untranslatable {
        Untranslatable(
            what,
            at: position,
            "a rule has one pattern for its path, and the location already has one"
        )
    }

    private func rewrite(
        _ regex: NginxRegex,
        to target: String,
        _ context: RuleContext,
        _ what: String
    ) throws(Untranslatable) -> PathRewrite {
        if target.hasSuffix("?") {
            throw Untranslatable(what, at: regex.position, "nginx drops the query, and a rule cannot")
        }
        try values.checkNumbers([target], context, at: regex.position)
        return PathRewrite(regex: regex, path: values.bind(target, context), position: regex.position)
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
            throw Self.twoPatterns(what, at: position)
        }
        var url = target
        var cause: Untranslatable?
        // nginx appends the request's query unless the target ends with `?`.
        if target.hasSuffix("?") {
            url = String(target.dropLast())
        } else if target.contains("?") {
            cause = Untranslatable(
                what,
                at: position,
                "nginx appends the request's query to the query given here, and a rule cannot"
            )
        } else {
            url += "$is_args$args"
        }
        var nested = context
        nested.condition.path = path
        nested.pathPosition = position
        nested.active.append(regex)
        nested.closed = cause ?? guards.cause(before: what, at: position, status: status, nested)
        try values.checkNumbers([url], nested, at: position)
        var bound = values.bind(url, nested)
        // The group has the whole path.
        if ["^(.*)$", "(.*)", "^(.*)", "^(/.*)$", "^(/.*)"].contains(regex.text) {
            bound = bound.map { $0 == .capture(regex: regex.id, number: 1) ? .variable("uri") : $0 }
        }
        for variant in try values.expand([bound], nested, at: position) {
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
