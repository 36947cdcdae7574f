import ProxyCore
import Routing

/// Whose route changes if other rules replace those in force: a reload that would change too many is refused.
struct ReloadGuard: Sendable {
    /// Hosts that a report names.
    static let named = 10

    /// - Parameters:
    ///   - limit: the share of the hosts that may change, percent.
    ///   - hosts: of the last minutes.
    static func check(
        _ hosts: [RecentHost],
        from old: RouteTable,
        to new: RouteTable,
        limit: Double
    ) -> ReloadReport.Guard {
        let scratch = RouteScratch()
        var changes: [ReloadReport.Guard.Change] = []
        var compared = 0
        for one in hosts {
            guard let host = try? HostName(one.host.span) else { continue }
            compared += 1
            let before = decide(one, host, old, scratch)
            let after = decide(one, host, new, scratch)
            guard !isSame(before.outcome, after.outcome) else { continue }
            changes.append(
                ReloadReport.Guard.Change(
                    host: host.text,
                    requests: one.requests,
                    old: before.description,
                    new: after.description
                )
            )
        }
        // Those with the most requests first.
        changes.sort { ($1.requests, $0.host) < ($0.requests, $1.host) }
        let share = compared == 0 ? 0 : Double(changes.count) / Double(compared) * 100
        return ReloadReport.Guard(
            limit: limit,
            hosts: compared,
            changed: changes.count,
            share: (share * 10).rounded() / 10,
            isRefused: share > limit,
            changes: Array(changes.prefix(named))
        )
    }

    private static func decide(
        _ request: RecentHost,
        _ host: HostName,
        _ table: RouteTable,
        _ scratch: RouteScratch
    ) -> Decision {
        let key = RouteKey(
            host: host.bytes.span,
            target: request.target.span,
            method: request.method.span,
            scheme: .http,
            client: request.client
        )
        return table.decide(key, headers: { _, _ in false }, scratch: scratch)
    }

    private static func isSame(_ old: Outcome, _ new: Outcome) -> Bool {
        switch (old, new) {
        case (.forward(let old), .forward(let new)):
            old.target == new.target && old.requestTarget == new.requestTarget
                && old.hostHeader == new.hostHeader
        case (.redirect(let old, let location), .redirect(let new, let other)):
            old == new && location == other
        case (.respond(let old, let type, let body), .respond(let new, let otherType, let otherBody)):
            old == new && type == otherType && body == otherBody
        case (.refuse(let old), .refuse(let new)): old.reason == new.reason
        default: false
        }
    }
}
