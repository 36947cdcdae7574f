/// The hosts whose route changes. In JSON, keys are added, never renamed or removed.
package struct DiffReport: Encodable, Sendable {
    /// Whether a route changes: of a compared request, or, without requests, of a name or a condition.
    package var hasChanges: Bool {
        changed > 0 || (source == "witnesses" && !(names.isEmpty && conditional.isEmpty))
    }

    /// Where the requests come from: `replay`, `cases` or `witnesses`.
    package let source: String
    package let requests: Int
    /// The number of requests whose route changes.
    package let changed: Int
    /// The number of lines that are not lines of an access log.
    package let unparsable: Int
    /// Static names whose addresses change. Every route to one of them changes.
    package let names: [NameDifference]
    /// The group with the most requests first.
    package let groups: [Group]

    /// Hosts whose route changes for some paths, methods, fields or clients. Empty with a log or cases.
    package internal(set) var conditional: [Conditional] = []
    /// Whether every pair of an old and a new rule could be compared. Nil with a log or cases.
    package internal(set) var isComplete: Bool?

    /// The rules that requests for a host may reach, in their order.
    package struct Conditional: Encodable, Sendable {
        package let host: String
        package let old: [String]
        package let new: [String]
    }

    enum CodingKeys: String, CodingKey {
        case source, requests, changed, unparsable, names, groups, conditional
        case isComplete = "complete"
    }

    package struct Group: Encodable, Sendable {
        package let old: Side
        package let new: Side
        package let requests: Int
        /// In the order of their first requests.
        package let hosts: [Host]
        /// The number of requests for hosts after the first 10,000, which are not listed.
        package let beyond: Int
    }

    /// The rule that decides, and its action.
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

    init(_ tally: DiffTally, _ names: [NameDifference], source: String) {
        self.names = names
        self.source = source
        requests = tally.requests
        changed = tally.changed
        unparsable = tally.unparsable
        groups = tally.groups.map { key, group in
            let hosts = group.hosts.sorted { ($0.value.number, $0.key) < ($1.value.number, $1.key) }
            return (
                hosts.first?.value.number ?? 0,
                Group(
                    old: Side(rule: key.oldRule, location: key.oldLocation, kind: key.oldKind),
                    new: Side(rule: key.newRule, location: key.newLocation, kind: key.newKind),
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
