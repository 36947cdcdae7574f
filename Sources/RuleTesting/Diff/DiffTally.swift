import DryRun
import Routing

/// Counts the requests that two sets of rules route differently, grouped by the rules that decide.
struct DiffTally: Sendable {
    /// The old and the new rule of a change, with their actions.
    struct Key: Sendable, Hashable {
        let oldRule: String?
        let oldLocation: String?
        let oldKind: String
        let newRule: String?
        let newLocation: String?
        let newKind: String
    }

    struct Host: Sendable {
        /// The number of its first request, from 1.
        var number: Int
        let old: String
        let new: String
        var requests: Int
    }

    struct Group: Sendable {
        var requests = 0
        var hosts: [String: Host] = [:]
        /// The number of requests for hosts beyond `maxHosts`.
        var beyond = 0
    }

    /// The maximum number of hosts in a group.
    static let maxHosts = 10_000
    /// The maximum number of groups. They are pairs of rules, so there could be very many.
    static let maxGroups = 10_000

    private(set) var requests = 0
    private(set) var changed = 0
    private(set) var groups: [Key: Group] = [:]
    /// The number of lines that are not lines of an access log.
    var unparsable = 0

    /// - Parameter number: the number of the request, from 1.
    mutating func note(_ old: DryRunStep, _ new: DryRunStep, _ number: Int, _ host: [UInt8]) {
        requests += 1
        guard !Route.isSame(old, new) else { return }
        changed += 1
        let (oldRoute, newRoute) = (Route(old), Route(new))
        let key = Key(
            oldRule: oldRoute.rule,
            oldLocation: oldRoute.location,
            oldKind: Route.kind(old),
            newRule: newRoute.rule,
            newLocation: newRoute.location,
            newKind: Route.kind(new)
        )
        guard groups[key] != nil || groups.count < Self.maxGroups else { return }
        let name = old.host?.text ?? String(decoding: host, as: UTF8.self)
        groups[key, default: Group()].add(
            name,
            Host(number: number, old: oldRoute.text, new: newRoute.text, requests: 1)
        )
    }

    mutating func add(_ other: DiffTally) {
        requests += other.requests
        changed += other.changed
        unparsable += other.unparsable
        for (key, group) in other.groups {
            guard groups[key] != nil || groups.count < Self.maxGroups else { continue }
            groups[key, default: Group()].add(group)
        }
    }
}

extension DiffTally.Group {
    mutating func add(_ name: String, _ host: DiffTally.Host) {
        requests += host.requests
        if var known = hosts[name] {
            known.requests += host.requests
            // Keep the earliest request, whichever thread read it.
            if host.number < known.number {
                hosts[name] = DiffTally.Host(
                    number: host.number,
                    old: host.old,
                    new: host.new,
                    requests: known.requests
                )
            } else {
                hosts[name] = known
            }
        } else if hosts.count < DiffTally.maxHosts {
            hosts[name] = host
        } else {
            beyond += host.requests
        }
    }

    mutating func add(_ other: DiffTally.Group) {
        for (name, host) in other.hosts { add(name, host) }
        requests += other.beyond
        beyond += other.beyond
    }
}
