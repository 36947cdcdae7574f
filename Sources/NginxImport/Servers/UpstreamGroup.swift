import Routing

/// An `upstream` block: the addresses of a name.
struct UpstreamGroup {
    struct Server {
        /// Address and port, as a rule file writes them.
        let endpoint: String
        let weight: Int
        let position: SourceLocation
    }

    let name: String
    let position: SourceLocation
    var servers: [Server] = []
    /// The only server, if it is a host name and not an address.
    var onlyName: (host: String, port: Int, position: SourceLocation)?

    init(_ directive: Directive, findings: FindingCollector) {
        name = (directive.argument(0) ?? "").lowercased()
        position = directive.position
        var names: [(host: String, port: Int, position: SourceLocation)] = []
        for line in directive.block ?? [] {
            switch line.name {
            case "server": addServer(line, &names, findings)
            case "keepalive", "keepalive_timeout", "keepalive_requests", "keepalive_time", "zone":
                continue
            case "least_conn", "ip_hash", "hash", "random", "least_time", "fair", "sticky":
                findings.untranslated(
                    line.text(),
                    at: line.position,
                    "Berth does not have this balancing method yet: round robin is used"
                )
            default:
                findings.untranslated(
                    line.name,
                    at: line.position,
                    "Berth has no equivalent for an upstream group"
                )
            }
        }
        if servers.isEmpty, names.count == 1 {
            onlyName = names[0]
        } else {
            for name in names {
                findings.untranslated(
                    "server \(name.host)",
                    at: name.position,
                    "a host name among several servers: list its addresses under `names`"
                )
            }
        }
    }

    private mutating func addServer(
        _ line: Directive,
        _ names: inout [(host: String, port: Int, position: SourceLocation)],
        _ findings: FindingCollector
    ) {
        guard let text = line.argument(0) else { return }
        let what = line.text()
        var weight = 1
        for option in line.arguments.dropFirst().map(\.text) {
            let value = option.drop { $0 != "=" }.dropFirst()
            switch option.prefix(while: { $0 != "=" }) {
            case "down":
                // It gets no requests in nginx either.
                return
            case "backup":
                findings.untranslated(
                    what,
                    at: line.position,
                    "Berth has no backup servers yet: the server is left out"
                )
                return
            case "weight":
                guard let number = Int(value), number > 0, number <= NginxLimits.maxWeight else {
                    findings.untranslated(
                        option,
                        at: line.position,
                        "the weight must be from 1 to \(NginxLimits.maxWeight)"
                    )
                    continue
                }
                weight = number
            default:
                findings.untranslated(
                    option,
                    at: line.position,
                    "Berth does not have this server parameter yet"
                )
            }
        }
        guard let server = Self.split(text) else {
            findings.untranslated(what, at: line.position, "Berth connects to IP addresses and ports only")
            return
        }
        let host = server.host.lowercased() == "localhost" ? "127.0.0.1" : server.host
        if let address = IPAddress(host) {
            let shown = address.isIPv4 ? "\(address)" : "[\(address)]"
            servers.append(
                Server(endpoint: "\(shown):\(server.port)", weight: weight, position: line.position)
            )
        } else {
            names.append((host.lowercased(), server.port, line.position))
        }
    }

    /// The endpoints, each repeated by its weight. Weights are reduced: 2 and 4 become 1 and 2.
    var endpoints: [String] {
        var divisor = 0
        for server in servers { divisor = Self.gcd(divisor, server.weight) }
        return servers.flatMap { Array(repeating: $0.endpoint, count: $0.weight / max(1, divisor)) }
    }

    private static func gcd(_ a: Int, _ b: Int) -> Int { b == 0 ? a : gcd(b, a % b) }

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
