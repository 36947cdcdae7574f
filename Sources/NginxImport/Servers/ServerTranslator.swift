import Routing

/// Makes the rules of all servers on one socket.
struct ServerTranslator {
    /// The directives of the `http` blocks.
    let http: [Directive]
    let rewritePhase: RewritePhase
    let locations: LocationTranslator
    let review: DirectiveReview
    let rules: RuleCollector
    let findings: FindingCollector

    func translate(_ servers: [ServerBlock], on listen: Listen) {
        let order = ServerOrder(servers, on: listen, findings)
        // Why rules cannot tell the requests of a server from those of the servers after it.
        var closed: Untranslatable?
        for entry in order.entries {
            if let regex = entry.hosts.patterns.first, let why = regex.whyUnusable {
                review.review(blockOf: entry.server.directive)
                closed = closed ?? Untranslatable("server_name ~\(regex.text)", at: entry.position, why)
                continue
            }
            translate(
                entry.server,
                for: entry.hosts,
                at: entry.position,
                listen,
                name: Self.ruleName(entry.hosts, entry.server),
                closed
            )
        }
        guard let server = order.standard else { return }
        translate(server, for: .any, at: server.position, listen, name: "default", closed)
    }

    private func translate(
        _ server: ServerBlock,
        for hosts: HostCondition,
        at position: SourceLocation,
        _ listen: Listen,
        name: String,
        _ closed: Untranslatable?
    ) {
        review.review(blockOf: server.directive)
        var context = RuleContext(
            server: server,
            listen: listen,
            blocks: [],
            active: hosts.patterns,
            condition: RuleCondition(host: hosts),
            closed: closed,
            hostPosition: position
        )
        context.enter(http)
        context.enter(server.block)
        let steps = LocationOrder(server.locations).steps
        rewritePhase.run(server.block, context, name: name) { context in
            var context = context
            for step in steps {
                if context.closed != nil { break }
                context.closed = locations.translate(step, context, name: name)
            }
            if let closed = context.closed {
                rules.addRefusal(context, name: name, at: closed.position, closed)
            }
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
