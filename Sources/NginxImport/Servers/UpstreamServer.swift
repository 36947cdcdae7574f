import Routing

/// A `server` of an `upstream` block.
struct UpstreamServer {
    /// Address and port, as a rule file writes them; nil: a host name.
    var endpoint: String?
    var host = ""
    var port = 80
    var weight = 1
    var isDown = false
    /// Keys of an endpoint with their values, as a rule file writes them.
    var settings: [(key: String, value: String)] = []
    let position: SourceLocation

    /// Nil: Berth cannot use the server.
    init?(_ line: Directive, findings: FindingCollector) {
        guard let text = line.argument(0) else { return nil }
        position = line.position
        for option in line.arguments.dropFirst().map(\.text) { read(option, findings) }
        guard let server = UpstreamGroup.split(text) else {
            findings.untranslated(
                line.text(),
                at: line.position,
                "Berth connects to IP addresses and ports only"
            )
            return nil
        }
        host = server.host.lowercased() == "localhost" ? "127.0.0.1" : server.host.lowercased()
        port = server.port
        if let address = IPAddress(host) {
            endpoint = Endpoint(address: address, port: UInt16(port)).description
        }
    }

    private mutating func read(_ option: String, _ findings: FindingCollector) {
        let value = String(option.drop { $0 != "=" }.dropFirst())
        switch option.prefix(while: { $0 != "=" }) {
        case "down": isDown = true
        case "backup": settings.append(("backup", "true"))
        case "weight":
            guard let number = Int(value), (1...NginxLimits.maxWeight).contains(number) else {
                let message = "the weight must be from 1 to \(NginxLimits.maxWeight)"
                return findings.untranslated(option, at: position, message)
            }
            weight = number
        case "max_conns":
            guard let number = Int(value), (0...1_000_000).contains(number) else {
                return findings.untranslated(option, at: position, "the number must be from 0 to 1000000")
            }
            // Without a limit, as in Berth without the key.
            if number > 0 { settings.append(("max_conns", "\(number)")) }
        case "max_fails":
            guard let number = Int(value), (0...1000).contains(number) else {
                return findings.untranslated(option, at: position, "the number must be from 0 to 1000")
            }
            settings.append(("max_fails", "\(number)"))
        case "fail_timeout":
            guard let milliseconds = Quantities.milliseconds(value), milliseconds > 0 else {
                return findings.untranslated(option, at: position, "Berth needs a time of more than zero")
            }
            settings.append(("fail_timeout", Self.duration(milliseconds)))
        case "slow_start":
            guard let milliseconds = Quantities.milliseconds(value) else {
                return findings.untranslated(option, at: position, "this is not a time")
            }
            if milliseconds > 0 { settings.append(("slow_start", Self.duration(milliseconds))) }
        default:
            findings.untranslated(option, at: position, "Berth does not have this server parameter")
        }
    }

    private static func duration(_ milliseconds: Int) -> String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }
}
