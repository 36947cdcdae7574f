/// The hosts whose route changes. As JSON its keys are added to over time, never renamed or removed.
package struct DiffReport: Encodable, Sendable {
    /// Whether a route changes: of a request that was asked for, or to a name without asking.
    package var hasChanges: Bool {
        changed > 0 || (asked == "witnesses" && !(names.isEmpty && conditional.isEmpty))
    }

    /// Where the requests came from: `replay`, `cases` or `witnesses`.
    package let asked: String
    package let requests: Int
    /// Requests whose route changes.
    package let changed: Int
    /// Lines of the log that could not be read.
    package let unparsable: Int
    /// Names that the rules spell out with other addresses. A route to one of them changes, asked for or not.
    package let names: [NameDifference]
    /// The one with the most requests first.
    package let groups: [Group]

    /// Hosts whose route changes for some paths, methods, fields or clients: found without traffic.
    package internal(set) var conditional: [Conditional] = []
    /// Without traffic: whether every pair of an old and a new rule was decided. Nil with a log or cases.
    package internal(set) var isComplete: Bool?

    /// The rules that requests for a host may come to, in their order.
    package struct Conditional: Encodable, Sendable {
        package let host: String
        package let old: [String]
        package let new: [String]
    }

    enum CodingKeys: String, CodingKey {
        case asked, requests, changed, unparsable, names, groups, conditional
        case isComplete = "complete"
    }

    package struct Group: Encodable, Sendable {
        package let old: Side
        package let new: Side
        package let requests: Int
        /// In the order they came.
        package let hosts: [Host]
        /// Requests of hosts beyond the 10,000 that are listed.
        package let beyond: Int
    }

    /// Who decides, and what it does.
    package struct Side: Encodable, Sendable {
        /// Nil: no rule.
        package let rule: String?
        package let location: String?
        /// `forward`, `redirect 308`, `respond 403`, `refused 404 no_rule`.
        package let kind: String
    }

    package struct Host: Encodable, Sendable {
        package let host: String
        package let requests: Int
        /// The route of its first request.
        package let old: String
        package let new: String
    }

    init(_ tally: DiffTally, _ names: [NameDifference], asked: String) {
        self.names = names
        self.asked = asked
        requests = tally.requests
        changed = tally.changed
        unparsable = tally.unparsable
        groups = tally.groups.map { key, group in
            let hosts = group.hosts.sorted { ($0.value.number, $0.key) < ($1.value.number, $1.key) }
            return (
                hosts.first?.value.number ?? 0,
                Group(
                    old: Side(rule: key.oldRule, location: key.oldPlace, kind: key.oldKind),
                    new: Side(rule: key.newRule, location: key.newPlace, kind: key.newKind),
                    requests: group.requests,
                    hosts: hosts.map { name, host in
                        Host(host: name, requests: host.requests, old: host.old, new: host.new)
                    },
                    beyond: group.beyond
                )
            )
        }
        .sorted { ($1.1.requests, $0.0) < ($0.1.requests, $1.0) }
        .map(\.1)
    }
}
