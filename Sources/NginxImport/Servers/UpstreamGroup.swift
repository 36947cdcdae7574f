import Routing

/// An `upstream` block: the addresses of a name, and how they share its requests.
struct UpstreamGroup {
    let name: String
    let position: SourceLocation
    /// Those with an address.
    private(set) var servers: [UpstreamServer] = []
    /// The only server, if it is a host name and not an address.
    private(set) var onlyName: (host: String, port: Int, position: SourceLocation)?
    private(set) var method: UpstreamMethod?

    init(_ directive: Directive, findings: FindingCollector) {
        name = (directive.argument(0) ?? "").lowercased()
        position = directive.position
        var names: [UpstreamServer] = []
        for line in directive.block ?? [] {
            switch line.name {
            case "server":
                guard let server = UpstreamServer(line, findings: findings) else { continue }
                if server.endpoint != nil {
                    servers.append(server)
                } else if !server.isDown {
                    names.append(server)
                }
            case "keepalive", "keepalive_timeout", "keepalive_requests", "keepalive_time", "zone":
                continue
            case _ where UpstreamMethod.names.contains(line.name):
                method = UpstreamMethod(line, findings: findings)
            default:
                findings.untranslated(
                    line.name,
                    at: line.position,
                    "Berth has no equivalent for an upstream group"
                )
            }
        }
        if !isUsable, names.count == 1 {
            onlyName = (names[0].host, names[0].port, names[0].position)
            return
        }
        for name in names {
            findings.untranslated(
                "server \(name.host)",
                at: name.position,
                "a host name among several servers: list its addresses under `names`"
            )
        }
    }

    /// Whether a server with an address gets requests.
    var isUsable: Bool { servers.contains { !$0.isDown } }

    /// Whether a list of addresses is not all that the group is.
    var isPool: Bool {
        guard isUsable, !LooseAddress.isV4(Array(name.utf8).span) else { return false }
        return method != nil || servers.contains { $0.weight != servers[0].weight || !$0.settings.isEmpty }
    }

    /// The endpoints of a group that is not a pool.
    var endpoints: [String] { servers.filter { !$0.isDown }.compactMap(\.endpoint) }

    /// Splits `host[:port]` or `[address]:port`; nil: it is neither.
    static func split(_ text: String) -> (host: String, port: Int)? {
        guard !text.hasPrefix("unix:"), !text.isEmpty else { return nil }
        if text.hasPrefix("["), let close = text.firstIndex(of: "]") {
            let host = String(text[text.index(after: text.startIndex)..<close])
            let rest = text[text.index(after: close)...]
            if rest.isEmpty { return (host, 80) }
            guard rest.hasPrefix(":"), let port = Int(rest.dropFirst()), (1...65535).contains(port) else {
                return nil
            }
            return (host, port)
        }
        guard let colon = text.lastIndex(of: ":") else { return (text, 80) }
        guard let port = Int(text[text.index(after: colon)...]), (1...65535).contains(port) else {
            return nil
        }
        return (String(text[..<colon]), port)
    }
}
