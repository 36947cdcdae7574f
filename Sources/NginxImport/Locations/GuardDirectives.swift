/// Directives that protect a location and that rules cannot check.
enum GuardDirectives {
    /// Nil: none applies.
    static func unsupported(_ context: RuleContext) -> Directive? {
        for block in context.scopes.reversed() {
            for directive in block where KnownDirectives.isGuard(directive.name) {
                guard let nearest = context.nearest(directive.name), nearest.position == directive.position
                else { continue }
                guard directive.argument(0) != "off",
                    directive.name != "satisfy" || directive.argument(0) == "any"
                else { continue }
                // The rule demands the same.
                if directive.name == "ssl_verify_client", ClientCertificateDirectives(context) != nil {
                    continue
                }
                return directive
            }
        }
        return nil
    }
}

extension RuleContext {
    /// The `allow` and `deny` that apply, in their order.
    var accessRules: [Directive] {
        let isAccess = { (directive: Directive) in directive.name == "allow" || directive.name == "deny" }
        return (scopes.last { $0.contains(where: isAccess) } ?? []).filter(isAccess)
    }
}
