import Routing

/// An `upstream` block: the addresses behind a name.
struct UpstreamGroup {
    struct Server {
        /// Address and port, as a rule file writes them.
        let endpoint: String
        let turns: Int
        let place: NginxPlace
    }

    let name: String
    let place: NginxPlace
    var servers: [Server] = []
    /// The one server that is a name, not an address, where there is no other.
    var onlyName: (host: String, port: Int, place: NginxPlace)?

    init(_ directive: Directive, findings: FindingList) {
        name = (directive.argument(0) ?? "").lowercased()
        place = directive.place
        var names: [(host: String, port: Int, place: NginxPlace)] = []
        for line in directive.block ?? [] {
            switch line.name {
            case "server": addServer(line, &names, findings)
            case "keepalive", "keepalive_timeout", "keepalive_requests", "keepalive_time", "zone":
                continue
            case "least_conn", "ip_hash", "hash", "random", "least_time", "fair", "sticky":
                findings.untranslated(
                    line.words.map(\.text).joined(separator: " "),
                    at: line.place,
                    "Berth does not have this balancing method yet: the servers take turns"
                )
            default:
                findings.untranslated(
                    line.name,
                    at: line.place,
                    "Berth has nothing like it for an upstream group"
                )
            }
        }
        if servers.isEmpty, names.count == 1 {
            onlyName = names[0]
        } else {
            for name in names {
                findings.untranslated(
                    "server \(name.host)",
                    at: name.place,
                    "a name among several servers: write its addresses under `names`"
                )
            }
        }
    }

    private mutating func addServer(
        _ line: Directive,
        _ names: inout [(host: String, port: Int, place: NginxPlace)],
        _ findings: FindingList
    ) {
        guard let text = line.argument(0) else { return }
        let what = line.words.map(\.text).joined(separator: " ")
        var turns = 1
        for option in line.arguments.dropFirst().map(\.text) {
            let value = option.drop { $0 != "=" }.dropFirst()
            switch option.prefix(while: { $0 != "=" }) {
            case "down":
                // Berth never asks it either.
                return
            case "backup":
                findings.untranslated(what, at: line.place, "Berth has no backup servers yet: it is left out")
                return
            case "weight":
                guard let weight = Int(value), weight > 0, weight <= NginxLimits.maxTurns else {
                    findings.untranslated(
                        option,
                        at: line.place,
                        "a weight from 1 to \(NginxLimits.maxTurns) can be written"
                    )
                    continue
                }
                turns = weight
            default:
                findings.untranslated(option, at: line.place, "Berth has no such setting for a server yet")
            }
        }
        guard let server = Self.split(text) else {
            findings.untranslated(what, at: line.place, "Berth connects to addresses and ports only")
            return
        }
        let host = server.host.lowercased() == "localhost" ? "127.0.0.1" : server.host
        if let address = IPAddress(host) {
            let shown = address.isIPv4 ? "\(address)" : "[\(address)]"
            servers.append(Server(endpoint: "\(shown):\(server.port)", turns: turns, place: line.place))
        } else {
            names.append((host.lowercased(), server.port, line.place))
        }
    }

    /// Turns in their smallest numbers: 2 and 4 are 1 and 2.
    var endpoints: [String] {
        var divisor = 0
        for server in servers { divisor = Self.gcd(divisor, server.turns) }
        return servers.flatMap { Array(repeating: $0.endpoint, count: $0.turns / max(1, divisor)) }
    }

    private static func gcd(_ a: Int, _ b: Int) -> Int { b == 0 ? a : gcd(b, a % b) }

    /// `host[:port]`, `[address]:port`; nil: neither.
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
