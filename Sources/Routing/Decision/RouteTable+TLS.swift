extension RouteTable {
    /// How the rules connect to targets with `https`.
    package var upstreamTLS: Set<UpstreamTLS> {
        var found: Set<UpstreamTLS> = []
        for rule in rules {
            if case .forward(let plan) = rule.action, let tls = plan.settings.tls { found.insert(tls) }
            for tls in rule.response?.upstreamTLS ?? [] { found.insert(tls) }
        }
        return found
    }
}
