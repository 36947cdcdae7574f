import Routing

/// The guards that nginx does not check before a `return` or a redirect: these come first.
struct ReturnGuards {
    let findings: FindingCollector

    /// Why a response must not become a rule: its author may count on a guard; nil: there is none.
    ///
    /// A guard of an enclosing block, which often is for other requests, lets redirects through with a note.
    func cause(
        before what: String,
        at position: SourceLocation,
        status: Int,
        _ context: RuleContext
    ) -> Untranslatable? {
        guard status < 400, let directive = Self.effective(context) else { return nil }
        let own = context.blocks.last ?? []
        let isOwn = own.contains { $0.position == directive.position }
        let shown = directive.text(words: 2)
        if status >= 300, !isOwn {
            findings.note(
                what,
                at: position,
                "nginx redirects without checking `\(shown)`, and so does the rule"
            )
            return nil
        }
        return Untranslatable(
            what,
            at: position,
            "nginx responds without checking `\(shown)`, which may not be meant: the rule responds with 501"
        )
    }

    /// A guard that applies to the block's requests.
    private static func effective(_ context: RuleContext) -> Directive? {
        if let directive = GuardDirectives.unsupported(context) { return directive }
        return context.accessRules.first { $0.name == "deny" }
    }
}
