import Routing
import RoutingConfig

/// Writes the `names` that the rules' targets need.
struct NamesWriter {
    let names: TargetNames
    let findings: FindingCollector

    func lines() -> [ImportedRule.Line] {
        names.finish()
        var lines = groupLines() + addressLines()
        if names.systemNames["localhost"] != nil {
            lines.append(.init(text: "      localhost: 127.0.0.1", position: nil))
        }
        var sources: [ImportedRule.Line] = []
        if !lines.isEmpty { sources = [.init(text: "  - static:", position: nil)] + lines }
        // nginx resolves literal names with the system's resolver when it starts.
        let system = names.systemNames.filter { $0.key != "localhost" }.min { $0.key < $1.key }
        if let resolver = resolver(hasSystemNames: system != nil), let source = dns(resolver) {
            sources.append(source)
        }
        if let system { sources.append(.init(text: "  - system: {}", position: system.value)) }
        return sources.isEmpty ? [] : [.init(text: "names:", position: nil)] + sources
    }

    /// The `resolver` of the targets that have one; nil: none has. Berth queries its sources for every name.
    private func resolver(hasSystemNames: Bool) -> Directive? {
        let used = names.resolvers.compactMap(\.resolver).sorted {
            ($0.position.file, $0.position.line) < ($1.position.file, $1.position.line)
        }
        if let first = used.first {
            for other in used where Self.servers(other) != Self.servers(first) {
                findings.untranslated(
                    other.text(),
                    at: other.position,
                    "Berth queries the servers of one `resolver` for every name: \(first.position.fileAndLine)"
                )
            }
            if hasSystemNames {
                findings.untranslated(
                    first.text(),
                    at: first.position,
                    "Berth queries it, and then the system, for every name; nginx never queries both"
                )
            }
        }
        if !used.isEmpty || hasSystemNames {
            for target in names.resolvers where target.resolver == nil {
                findings.untranslated(
                    "proxy_pass",
                    at: target.position,
                    "it has no `resolver`, so nginx finds groups only; Berth queries its name sources for every name"
                )
            }
        }
        return used.first
    }

    private static func servers(_ resolver: Directive) -> [String] {
        resolver.arguments.map(\.text).filter { !$0.contains("=") }
    }

    private func groupLines() -> [ImportedRule.Line] {
        var lines: [ImportedRule.Line] = []
        for group in names.groupsInOrder where !group.isPool {
            guard group.endpoints.isEmpty, let only = group.onlyName else {
                lines.append(line(of: group))
                continue
            }
            // Rules that name the group have its server as their target. A capture that names it cannot.
            if !names.resolvers.isEmpty {
                findings.untranslated(
                    "server \(only.host)",
                    at: only.position,
                    "a capture can name this group: list its addresses under `names`"
                )
            }
        }
        return lines
    }

    private func addressLines() -> [ImportedRule.Line] {
        names.addresses.sorted {
            ($0.value.position.line, $0.key.utf8.count, $0.key) < (
                $1.value.position.line, $1.key.utf8.count, $1.key
            )
        }.map { spelling, entry in
            let text = "      \(YAMLText.quoted(spelling)): \(YAMLText.quoted(entry.address))"
            return .init(text: text, position: entry.position)
        }
    }

    private func dns(_ resolver: Directive) -> ImportedRule.Line? {
        var servers: [String] = []
        var ttl = ""
        for word in resolver.arguments {
            if word.text.hasPrefix("valid=") {
                guard let milliseconds = Quantities.milliseconds(String(word.text.dropFirst(6))),
                    milliseconds >= 1000
                else { continue }
                ttl = ", min_ttl: \(milliseconds / 1000)s, max_ttl: \(milliseconds / 1000)s"
            } else if ["ipv6=on", "ipv4=on"].contains(word.text) || word.text.hasPrefix("status_zone=") {
                continue
            } else if word.text.contains("="), !word.text.hasPrefix("[") {
                findings.untranslated(word.text, at: word.position, "Berth has no equivalent")
            } else if let server = UpstreamGroup.split(word.text), let address = IPAddress(server.host) {
                let port = word.text.hasSuffix(":\(server.port)") ? server.port : 53
                servers.append(
                    YAMLText.quoted(address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)")
                )
            } else {
                findings.untranslated(
                    "resolver \(word.text)",
                    at: word.position,
                    "a name server must be an IP address"
                )
            }
        }
        guard !servers.isEmpty else { return nil }
        // nginx appends no domain to a name.
        let text = "  - dns: { servers: [\(servers.joined(separator: ", "))], search: []\(ttl) }"
        return .init(text: text, position: resolver.position)
    }

    private func line(of group: UpstreamGroup) -> ImportedRule.Line {
        let endpoints = group.endpoints.map { YAMLText.quoted($0) }
        let value = endpoints.count == 1 ? endpoints[0] : "[\(endpoints.joined(separator: ", "))]"
        return .init(text: "      \(YAMLText.scalar(group.name)): \(value)", position: group.position)
    }
}
