import Routing
import RoutingConfig

/// Makes the rules of a `proxy_pass`.
struct ForwardTranslator {
    let values: ValueEvaluator
    let templates: TemplateWriter
    let fields: HeaderFieldTranslator
    let paths: ForwardPathTranslator
    let responses: ResponseFieldTranslator
    let redirects: ProxyRedirectTranslator
    let pages: ErrorPageTranslator
    let settings: SettingsWriter
    let defaults: DefaultBehaviour
    let security: UpstreamTLSTranslator
    let names: TargetNames
    let rules: RuleCollector

    func translate(_ pass: Directive, _ context: RuleContext, name: String) {
        let position = pass.position
        do throws(Untranslatable) {
            let url = pass.argument(0) ?? ""
            let fields = fields.fields(context)
            var bound = [values.bind(url, context)]
            bound += fields.map(\.value)
            if let rewrite = context.rewrite { bound.append(rewrite.path) }
            let texts = context.all("proxy_set_header").compactMap { $0.argument(1) }
            try values.checkNumbers([url] + texts, context, at: position)
            for variant in try values.expand(bound, context, at: position) {
                let plan = ForwardPlan(
                    url: variant.values[0],
                    fields: zip(fields, variant.values.dropFirst()).map { field, value in
                        HeaderField(name: field.name, value: value, position: field.position)
                    },
                    rewrittenPath: context.rewrite == nil ? nil : variant.values.last,
                    hasVariables: url.contains("$"),
                    pass: pass,
                    position: variant.position ?? position
                )
                add(plan, variant, context, name: name)
            }
        } catch {
            rules.addRefusal(context, name: name, at: position, error)
        }
    }

    private func add(_ plan: ForwardPlan, _ variant: ValueVariant, _ context: RuleContext, name: String) {
        var narrowed = context
        narrowed.condition = variant.condition
        if let position = variant.position,
            variant.condition.host.text(naming: [:]) != context.condition.host.text(naming: [:])
        {
            narrowed.hostPosition = position
        }
        // In `rewrite_path`, a number would be a group of another pattern.
        let keepsNumbers =
            context.rewrite == nil && (try? ProxyTarget(plan.url, at: plan.position))?.path == nil
        rules.add(
            narrowed,
            name: name,
            at: plan.position,
            used: ValueText.captures(variant.values).union(redirects.captures(narrowed)),
            keepsNumbers: keepsNumbers
        ) { rule, naming throws(Untranslatable) in
            try write(plan, naming, narrowed, &rule)
        }
    }

    private func write(
        _ plan: ForwardPlan,
        _ naming: GroupNaming,
        _ context: RuleContext,
        _ rule: inout ImportedRule
    ) throws(Untranslatable) {
        let position = plan.position
        if plan.hasVariables, !plan.literalStart.lowercased().hasPrefix("http"),
            ValueText.literal(plan.url) != nil
        {
            rule.title = "its variables do not give a URL: nginx responds with 500"
            rule.add("respond: 500", at: position)
            return
        }
        let target = try ProxyTarget(plan.url, at: position)
        let nameText = try templates.template(target.name, .target, naming, context, at: position)
        if nameText.isEmpty {
            // nginx: "no host in upstream".
            rule.title = "without its variables the upstream has no name: nginx responds with 500"
            rule.add("respond: 500", at: position)
            return
        }
        if plan.hasVariables, let name = target.literalName, names.groups[name] == nil,
            !TargetNames.isValid(name)
        {
            rule.title = "without its variables `\(name)` is not a valid name: nginx responds with 502"
            rule.add("respond: 502", at: position)
            return
        }
        if plan.hasVariables, names.needsResolver(target), context.nearest("resolver") == nil,
            let name = target.literalName
        {
            rule.title = "without a `resolver`, nginx has no address for `\(name)`: it responds with 502"
            rule.add("respond: 502", at: position)
            return
        }
        try names.add(target, hasVariables: plan.hasVariables, context, at: position)
        defaults.review(plan.pass, target, context)
        let path = try paths.translate(target, plan, naming, context)
        var goesTo = nameText + (target.port.map { ":\($0)" } ?? "")
        // For a group whose only server is a name, the rule names that server.
        if let group = names.group(of: target, hasVariables: plan.hasVariables), group.endpoints.isEmpty,
            let only = group.onlyName
        {
            goesTo = "\(only.host):\(only.port)"
            names.addSystemName(only.host, at: only.position)
        }
        let targetName = Self.name(goesTo)
        if target.scheme == .https { goesTo = "https://" + goesTo }
        switch path {
        case .prefix(let prefix): rule.add("to: \(YAMLText.quoted(goesTo + prefix))", at: position)
        case .rewrite(let match, let with, let rewritten):
            rule.add("to: \(YAMLText.quoted(goesTo))", at: position)
            rule.add(
                "rewrite_path: { match: \(YAMLText.quoted(match)), with: \(YAMLText.quoted(with)) }",
                at: rewritten
            )
        }
        if target.scheme == .https { try security.write(plan.pass, target, as: targetName, context, &rule) }
        try fields.write(plan.fields, target, naming, context, at: position, &rule)
        rule.hiddenFields = responses.hidden(context)
        redirects.write(plan.pass, target, hasVariables: plan.hasVariables, naming, context, &rule)
        pages.write(context, &rule)
        settings.write(context, &rule)
    }

    /// Without its port.
    private static func name(_ text: String) -> String {
        guard !text.hasSuffix("]"), let colon = text.lastIndex(of: ":"),
            text[text.index(after: colon)...].allSatisfy(\.isNumber)
        else { return text }
        return String(text[..<colon])
    }
}
