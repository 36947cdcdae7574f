import Routing

/// Makes the rules of all servers on one socket.
struct ServerTranslator {
    /// The directives of the `http` blocks.
    let http: [Directive]
    let rewritePhase: RewritePhase
    let locations: LocationTranslator
    let review: DirectiveReview
    let findings: FindingCollector

    func translate(_ servers: [ServerBlock], on listen: Listen) {
        let order = ServerOrder(servers, on: listen, findings)
        for entry in order.entries {
            translate(
                entry.server,
                for: entry.hosts,
                at: entry.position,
                listen,
                name: Self.ruleName(entry.hosts, entry.server)
            )
        }
        guard let server = order.standard else { return }
        translate(server, for: .any, at: server.position, listen, name: "default")
    }

    private func translate(
        _ server: ServerBlock,
        for hosts: HostCondition,
        at position: SourceLocation,
        _ listen: Listen,
        name: String
    ) {
        review.review(blockOf: server.directive)
        if let regex = hosts.patterns.first, let why = regex.whyUnusable {
            findings.untranslated("server_name ~\(regex.text)", at: position, why)
            return
        }
        var context = RuleContext(
            server: server,
            listen: listen,
            blocks: [http, server.block],
            active: hosts.patterns,
            condition: RuleCondition(host: hosts),
            hostPosition: position
        )
        if rewritePhase.run(server.block, &context, name: name) { return }
        if let rewrite = context.rewrite {
            findings.untranslated("rewrite", at: rewrite.position, "it would select the location again")
            context.rewrite = nil
        }
        for step in LocationOrder(server.locations).steps {
            locations.translate(step, context, name: name)
        }
    }

    private static func ruleName(_ hosts: HostCondition, _ server: ServerBlock) -> String {
        switch hosts.base {
        case .names(let names) where hosts.patterns.isEmpty: return names[0]
        case .wildcard(let suffix): return suffix
        case .trailing(let prefix): return prefix
        case .names, .any:
            let file = server.position.file.split(separator: "/").last ?? "nginx"
            return "\(file):\(hosts.patterns.first?.position.line ?? server.position.line)"
        }
    }
}
