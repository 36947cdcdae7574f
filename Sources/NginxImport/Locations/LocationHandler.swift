import Routing

/// Makes the rules for what a location, or a server without one for the path, does with requests.
struct LocationHandler {
    let forwards: ForwardTranslator
    let rules: RuleCollector
    let findings: FindingCollector

    func handle(_ context: RuleContext, name: String, at position: SourceLocation) {
        let block = context.blocks.last ?? []
        if let closed = context.closed {
            rules.addRefusal(context, name: name, at: position, closed)
            return
        }
        if block.contains(where: { $0.name == "internal" }) {
            respond(404, context, name: name, at: position)
            return
        }
        if let cause = Self.unsupportedGuard(context) {
            rules.addRefusal(context, name: name, at: position, cause)
            return
        }
        let runs = AccessRun.runs(context)
        let denial = context.all("deny").first?.position ?? position
        // `deny all` alone needs no `proxy_pass`.
        if let first = runs.first, first.clients.isEmpty, !first.isAllowed {
            respond(403, context, name: name, at: denial)
            return
        }
        if let other = block.first(where: { KnownDirectives.otherHandlers.contains($0.name) }) {
            let why = "Berth forwards requests and serves no content itself"
            rules.addRefusal(
                context,
                name: name,
                at: position,
                Untranslatable(other.name, at: other.position, why)
            )
            return
        }
        guard let pass = block.last(where: { $0.name == "proxy_pass" }) else {
            handleFiles(block, context, name: name, at: position)
            return
        }
        for run in runs {
            var narrowed = context
            narrowed.condition.clients = run.clients
            if run.isAllowed {
                forwards.translate(pass, narrowed, name: name)
            } else {
                respond(403, narrowed, name: name, at: denial)
            }
        }
    }

    /// A directive that protects the location and that a rule cannot check; nil: there is none.
    private static func unsupportedGuard(_ context: RuleContext) -> Untranslatable? {
        for name in KnownDirectives.guards.sorted() {
            guard let directive = context.nearest(name), directive.argument(0) != "off",
                name != "satisfy" || directive.argument(0) == "any"
            else { continue }
            return Untranslatable(
                directive.text(words: 2),
                at: directive.position,
                "Berth cannot check it: the rule responds with 501"
            )
        }
        return nil
    }

    private func handleFiles(
        _ block: [Directive],
        _ context: RuleContext,
        name: String,
        at position: SourceLocation
    ) {
        if let files = context.nearest("root") ?? context.nearest("alias")
            ?? block.first(where: { $0.name == "autoindex" })
        {
            let why = "Berth serves no files: the rule responds with 501"
            rules.addRefusal(
                context,
                name: name,
                at: position,
                Untranslatable(files.name, at: files.position, why)
            )
            return
        }
        findings.note(
            "no proxy_pass",
            at: position,
            "nginx serves a file from its default directory; the rule responds with 404"
        )
        respond(404, context, name: name, at: position)
    }

    private func respond(_ status: Int, _ context: RuleContext, name: String, at position: SourceLocation) {
        rules.add(context, name: name, at: position) { rule, _ in rule.add("respond: \(status)", at: position)
        }
    }
}
