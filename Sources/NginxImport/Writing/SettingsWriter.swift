import Routing

/// Writes timeouts and limits.
struct SettingsWriter {
    let findings: FindingCollector

    /// Writes the settings of a rule that differ from those of the whole file.
    func write(_ context: RuleContext, _ rule: inout ImportedRule) {
        var timeouts: [String] = []
        var position: SourceLocation?
        for (directive, key) in Self.ruleTimeouts {
            guard let line = context.nearest(directive), !context.isGlobal(directive), let text = time(line)
            else { continue }
            timeouts.append("\(key): \(text)")
            position = position ?? line.position
        }
        if !timeouts.isEmpty { rule.add("timeouts: { \(timeouts.joined(separator: ", ")) }", at: position) }
        if let line = context.nearest("client_max_body_size"), !context.isGlobal("client_max_body_size"),
            let size = size(line)
        {
            rule.add("max_body: \(size)", at: line.position)
        }
        for name in [
            "keepalive_timeout", "client_header_timeout", "client_body_timeout", "send_timeout",
            "resolver_timeout",
        ] {
            guard let line = context.nearest(name), !context.isGlobal(name) else { continue }
            findings.untranslated(name, at: line.position, "it can be set only for all rules together")
        }
        review(context)
        if let line = context.nearest("proxy_send_timeout") {
            let read = context.nearest("proxy_read_timeout")
            if line.argument(0).map(Quantities.milliseconds)
                != .some(Quantities.milliseconds(read?.argument(0) ?? "60s"))
            {
                findings.untranslated(
                    "proxy_send_timeout",
                    at: line.position,
                    "Berth has one timeout for reading and sending: proxy_read_timeout is used"
                )
            }
        }
    }

    private static let ruleTimeouts = [
        ("proxy_connect_timeout", "connect"), ("proxy_read_timeout", "upstream"),
    ]

    /// `limits` and `timeouts` of the whole file.
    ///
    /// - Parameters:
    ///   - http: the directives of the `http` blocks.
    ///   - defaults: what the `proxy_pass` directives need that were translated.
    ///   - queriesNames: whether nginx resolves names for requests.
    func fileSettings(
        _ http: [Directive],
        _ defaults: DefaultBehaviour,
        queriesNames: Bool
    ) -> [ImportedRule.Line] {
        var lines: [ImportedRule.Line] = [.init(text: "limits:", position: nil)]
        if let line = http.last(where: { $0.name == "client_max_body_size" }) {
            if let size = size(line) { lines.append(.init(text: "  body: \(size)", position: line.position)) }
        } else {
            lines.append(.init(text: "  body: 1m  # nginx's default for client_max_body_size", position: nil))
        }
        lines.append(.init(text: "  header_fields: 10000  # nginx limits their bytes only", position: nil))
        lines += headLimits(http)
        var timeouts: [ImportedRule.Line] = []
        let keys = [
            ("proxy_connect_timeout", "connect"), ("proxy_read_timeout", "upstream"),
            ("keepalive_timeout", "keep_alive"), ("resolver_timeout", "resolve"),
            ("client_header_timeout", "client_header"), ("client_body_timeout", "downstream"),
        ]
        for (directive, key) in keys {
            guard let line = http.last(where: { $0.name == directive }) else {
                if key == "connect", defaults.hasForwards {
                    let text = "  connect: 60s  # nginx's default for proxy_connect_timeout"
                    timeouts.append(.init(text: text, position: nil))
                } else if key == "resolve", queriesNames {
                    let text = "  resolve: 30s  # nginx's default for resolver_timeout"
                    timeouts.append(.init(text: text, position: nil))
                }
                continue
            }
            guard let text = time(line, mayBeZero: key == "keep_alive") else { continue }
            timeouts.append(.init(text: "  \(key): \(text)", position: line.position))
        }
        if let line = tunnel(defaults) { timeouts.append(line) }
        if let line = http.last(where: { $0.name == "send_timeout" }) {
            let body = http.last(where: { $0.name == "client_body_timeout" })
            if let body, body.argument(0) != line.argument(0) {
                findings.untranslated(
                    "send_timeout",
                    at: line.position,
                    "Berth has one timeout for both directions: client_body_timeout is used"
                )
            } else if body == nil, let text = time(line) {
                timeouts.append(.init(text: "  downstream: \(text)", position: line.position))
            }
        }
        if !timeouts.isEmpty { lines += [.init(text: "timeouts:", position: nil)] + timeouts }
        return lines
    }

    /// The timeout of upgraded connections: in nginx, `proxy_read_timeout` goes on to count for them.
    private func tunnel(_ defaults: DefaultBehaviour) -> ImportedRule.Line? {
        guard let longest = defaults.tunnels.max(by: { $0.milliseconds < $1.milliseconds }) else {
            return nil
        }
        for other in defaults.tunnels where other.milliseconds != longest.milliseconds {
            findings.untranslated(
                "proxy_read_timeout",
                at: other.position,
                "for upgraded connections, Berth has one timeout: that of \(longest.position.fileAndLine) is used"
            )
        }
        let text = Self.text(milliseconds: min(longest.milliseconds, 365 * 86_400_000))
        return .init(text: "  tunnel: \(text)", position: longest.position)
    }

    /// The limits of heads, if the configuration sets them.
    private func headLimits(_ http: [Directive]) -> [ImportedRule.Line] {
        var block: (bytes: Int, position: SourceLocation)?
        var lines: [ImportedRule.Line] = []
        if let line = http.last(where: { $0.name == "large_client_header_buffers" }),
            let count = Int(line.argument(0) ?? ""), let size = bytes(line, line.argument(1) ?? ""),
            count > 0, count <= 1 << 20, size > 0, size <= 1 << 30
        {
            block = (count * size, line.position)
            lines.append(.init(text: "  uri: \(min(max(size, 64), 1 << 20))", position: line.position))
        }
        // Responses have the same limit in Berth.
        if let line = http.last(where: { $0.name == "proxy_buffer_size" }),
            let size = bytes(line, line.argument(0) ?? ""), size > block?.bytes ?? 32 << 10
        {
            block = (size, line.position)
            findings.note(
                line.name,
                at: line.position,
                "Berth has one limit for the heads of requests and responses"
            )
        }
        if let block {
            if block.bytes > 1 << 20 {
                findings.untranslated("the size of heads", at: block.position, "the maximum is 1 MiB")
            }
            let text = "  header_block: \(min(max(block.bytes, 1 << 10), 1 << 20))"
            lines.append(.init(text: text, position: block.position))
        }
        return lines
    }

    /// Reports settings of a server or location that Berth has for the whole file only.
    private func review(_ context: RuleContext) {
        for name in ["large_client_header_buffers", "client_header_buffer_size", "proxy_buffer_size"] {
            guard let line = context.nearest(name), !context.isGlobal(name) else { continue }
            findings.untranslated(name, at: line.position, "it can be set only for all rules together")
        }
    }

    private func bytes(_ line: Directive, _ text: String) -> Int? {
        guard let (number, unit) = Quantities.split(text.lowercased()), number <= 1 << 40,
            let factor = ["": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30][unit]
        else {
            findings.untranslated(line.text(), at: line.position, "this is not a valid size")
            return nil
        }
        return number * factor
    }

    private static func text(milliseconds: Int) -> String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }

    /// A time as Berth writes it; nil, with a finding: it is not valid.
    private func time(_ line: Directive, mayBeZero: Bool = false) -> String? {
        let text = line.argument(0) ?? ""
        guard let milliseconds = Quantities.milliseconds(text), milliseconds > 0 || mayBeZero,
            milliseconds <= 365 * 86_400_000
        else {
            findings.untranslated(
                "\(line.name) \(text)",
                at: line.position,
                "this is not a valid timeout for Berth"
            )
            return nil
        }
        return Self.text(milliseconds: milliseconds)
    }

    /// A size as Berth writes it; nil, with a finding: it is not valid.
    private func size(_ line: Directive) -> String? {
        let text = (line.argument(0) ?? "").lowercased()
        guard let (number, unit) = Quantities.split(text), ["", "k", "m", "g"].contains(unit) else {
            findings.untranslated("\(line.name) \(text)", at: line.position, "this is not a valid size")
            return nil
        }
        return number == 0 ? "unlimited" : text
    }
}
