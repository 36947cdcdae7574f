import Operations
import Routing

/// Requests that two sets of rules lead to different places, gathered by who decided and how.
struct DiffTally: Sendable {
    /// Changes of one kind: from a rule, by a rule.
    struct Key: Sendable, Hashable {
        let oldRule: String?
        let oldPlace: String?
        let oldKind: String
        let newRule: String?
        let newPlace: String?
        let newKind: String
    }

    struct Host: Sendable {
        /// The first that was seen, from 1.
        var number: Int
        let old: String
        let new: String
        var requests: Int
    }

    struct Group: Sendable {
        var requests = 0
        var hosts: [String: Host] = [:]
        /// Requests of hosts that found no room.
        var beyond = 0
    }

    /// Hosts kept of a group.
    static let mostHosts = 10_000
    /// Groups kept; rules come in pairs, so there might be very many.
    static let mostGroups = 10_000

    private(set) var requests = 0
    private(set) var changed = 0
    private(set) var groups: [Key: Group] = [:]
    /// Lines of a log that could not be used.
    var unparsable = 0

    /// - Parameter number: of the request, from 1.
    mutating func note(_ old: DryRunStep, _ new: DryRunStep, _ number: Int, _ host: [UInt8]) {
        requests += 1
        guard !Route.isSame(old, new) else { return }
        changed += 1
        let (was, is_) = (Route(old), Route(new))
        let key = Key(
            oldRule: was.rule,
            oldPlace: was.location,
            oldKind: Route.kind(old),
            newRule: is_.rule,
            newPlace: is_.location,
            newKind: Route.kind(new)
        )
        guard groups[key] != nil || groups.count < Self.mostGroups else { return }
        let name = old.host?.text ?? String(decoding: host, as: UTF8.self)
        groups[key, default: Group()].add(
            name,
            Host(number: number, old: was.text, new: is_.text, requests: 1)
        )
    }

    mutating func add(_ other: DiffTally) {
        requests += other.requests
        changed += other.changed
        unparsable += other.unparsable
        for (key, group) in other.groups {
            guard groups[key] != nil || groups.count < Self.mostGroups else { continue }
            groups[key, default: Group()].add(group)
        }
    }
}

extension DiffTally.Group {
    mutating func add(_ name: String, _ host: DiffTally.Host) {
        requests += host.requests
        if var known = hosts[name] {
            known.requests += host.requests
            // The earliest is shown, whichever thread saw it.
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
        } else if hosts.count < DiffTally.mostHosts {
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
