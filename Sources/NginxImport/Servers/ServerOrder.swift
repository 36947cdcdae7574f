import Routing

/// Orders the names of servers so that the first one that matches is the one that nginx uses.
struct ServerOrder {
    struct Entry {
        let server: ServerBlock
        let hosts: HostCondition
        let position: SourceLocation
        fileprivate let rank: (Int, Int)
    }

    /// Without the names for which the default server, which comes last, is right anyway.
    private(set) var entries: [Entry] = []
    /// The server for all other hosts; nil: there are no servers.
    let standard: ServerBlock?
    private var taken: Set<String> = []

    init(_ servers: [ServerBlock], on listen: Listen, _ findings: FindingCollector) {
        let standardIndex =
            servers.firstIndex { $0.listens.contains { $0.address == listen.address && $0.isDefault } } ?? 0
        standard = servers.indices.contains(standardIndex) ? servers[standardIndex] : nil
        // Names of the default server must come before wildcards and expressions of others that match them.
        let others = servers.enumerated().filter { $0.offset != standardIndex }.flatMap(\.element.names)
            .filter { if case .exact = $0.kind { false } else { true } }
        for (index, server) in servers.enumerated() {
            add(server, isDefault: index == standardIndex, others: others, findings)
        }
        entries = entries.enumerated().sorted { a, b in
            a.element.rank == b.element.rank ? a.offset < b.offset : a.element.rank < b.element.rank
        }.map(\.element)
    }

    private mutating func add(
        _ server: ServerBlock,
        isDefault: Bool,
        others: [ServerName],
        _ findings: FindingCollector
    ) {
        var exact: [(name: String, position: SourceLocation)] = []
        for name in server.names {
            switch name.kind {
            case .exact(let text):
                guard taken.insert(text).inserted else {
                    findings.note(
                        "server_name \(text)",
                        at: name.position,
                        "an earlier server has this name"
                    )
                    continue
                }
                if isDefault, !others.contains(where: { $0.condition.holds(text) ?? true }) { continue }
                exact.append((text, name.position))
                continue
            case .wildcard(let text):
                guard taken.insert("*." + text).inserted else { continue }
                if isDefault, others.isEmpty { continue }
            case .trailing(let text):
                guard taken.insert(text + ".*").inserted else { continue }
                if isDefault, others.isEmpty { continue }
            case .regex: break
            }
            entries.append(
                Entry(server: server, hosts: name.condition, position: name.position, rank: name.rank)
            )
        }
        for start in stride(from: 0, to: exact.count, by: NginxLimits.maxNamesInPattern) {
            let part = exact[start..<min(exact.count, start + NginxLimits.maxNamesInPattern)]
            let hosts = HostCondition(base: .names(part.map(\.name)))
            entries.append(Entry(server: server, hosts: hosts, position: part[start].position, rank: (0, 0)))
        }
    }
}
