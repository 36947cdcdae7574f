import Routing

/// Makes the rules for what a location, or a server without one for the path, does with requests.
struct LocationHandler {
    let forwards: ForwardTranslator
    let pages: ErrorPageTranslator
    let rules: RuleCollector
    let findings: FindingCollector

    func handle(_ context: RuleContext, name: String, at position: SourceLocation) {
        do throws(Untranslatable) {
            if let closed = context.closed { throw closed }
            if let directive = GuardDirectives.unsupported(context) {
                let why = "Berth cannot check it: the rule responds with 501"
                throw Untranslatable(directive.text(words: 2), at: directive.position, why)
            }
            let runs = try AccessRun.runs(context)
            let denial = context.accessRules.first { $0.name == "deny" }?.position ?? position
            // `deny all` alone needs no `proxy_pass`.
            if let first = runs.first, first.clients.isEmpty, !first.isAllowed {
                respond(403, context, name: name, at: denial)
                return
            }
            if let directive = changesRequest(context) {
                let why =
                    "it changes the forwarded request, and Berth has no equivalent: the rule responds with 501"
                throw Untranslatable(directive.name, at: directive.position, why)
            }
            let block = Self.handlers(context)
            if let other = block.first(where: { KnownDirectives.otherHandlers.contains($0.name) }) {
                let why = "Berth forwards requests and serves no content itself"
                throw Untranslatable(other.name, at: other.position, why)
            }
            guard let pass = block.last(where: { $0.name == "proxy_pass" }) else {
                try handleFiles(block, context, name: name, at: position)
                return
            }
            for run in runs {
                var narrowed = context
                if !run.clients.isEmpty {
                    guard narrowed.condition.clients.isEmpty else {
                        throw Untranslatable(
                            "allow",
                            at: denial,
                            "a rule cannot combine it with another condition on the client's address"
                        )
                    }
                    narrowed.condition.clients = run.clients
                }
                if run.isAllowed {
                    forwards.translate(pass, narrowed, name: name)
                } else {
                    respond(403, narrowed, name: name, at: denial)
                }
            }
        } catch {
            rules.addRefusal(context, name: name, at: position, error)
        }
    }

    /// The block whose handler responds: that of the `if` that holds, where it has one.
    private static func handlers(_ context: RuleContext) -> [Directive] {
        let isHandler = { (directive: Directive) in
            directive.name == "proxy_pass" || KnownDirectives.otherHandlers.contains(directive.name)
        }
        let location = context.blocks.last ?? []
        guard let branch = context.branch else { return location }
        // Files come before the handler that an `if` inherits.
        if let files = location.first(where: { $0.name == "try_files" }) { return [files] }
        return branch.contains(where: isHandler) ? branch : location
    }

    /// A directive that makes the forwarded request another one; nil: there is none.
    private func changesRequest(_ context: RuleContext) -> Directive? {
        for (name, usual) in KnownDirectives.changingRequests {
            if let directive = context.nearest(name), directive.argument(0) != usual { return directive }
        }
        return nil
    }

    private func handleFiles(
        _ block: [Directive],
        _ context: RuleContext,
        name: String,
        at position: SourceLocation
    ) throws(Untranslatable) {
        if let files = context.nearest("root") ?? context.nearest("alias")
            ?? block.first(where: { $0.name == "autoindex" })
        {
            throw Untranslatable(
                files.name,
                at: files.position,
                "Berth serves no files: the rule responds with 501"
            )
        }
        findings.untranslated(
            "no proxy_pass",
            at: position,
            "nginx serves a file from its default directory, if there is one; the rule responds with 404"
        )
        respond(404, context, name: name, at: position)
    }

    private func respond(_ status: Int, _ context: RuleContext, name: String, at position: SourceLocation) {
        pages.review(status, context)
        rules.add(context, name: name, at: position) { rule, _ in
            rule.add("respond: \(status)", at: position)
        }
    }
}
