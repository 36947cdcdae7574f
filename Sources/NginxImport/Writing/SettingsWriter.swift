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
        for name in ["keepalive_timeout", "client_header_timeout", "client_body_timeout", "send_timeout"] {
            guard let line = context.nearest(name), !context.isGlobal(name) else { continue }
            findings.untranslated(name, at: line.position, "it can be set only for all rules together")
        }
        if let line = context.nearest("proxy_send_timeout") {
            let read = context.nearest("proxy_read_timeout")
            if line.argument(0) != (read?.argument(0) ?? "60s") {
                findings.note(
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
    /// - Parameter http: the directives of the `http` blocks.
    func fileSettings(_ http: [Directive]) -> [ImportedRule.Line] {
        var lines: [ImportedRule.Line] = []
        if let line = http.last(where: { $0.name == "client_max_body_size" }) {
            if let size = size(line) {
                lines.append(.init(text: "limits: { body: \(size) }", position: line.position))
            }
        } else {
            lines.append(
                .init(text: "limits: { body: 1m }  # nginx's default for client_max_body_size", position: nil)
            )
        }
        var timeouts: [ImportedRule.Line] = []
        let keys = [
            ("proxy_connect_timeout", "connect"), ("proxy_read_timeout", "upstream"),
            ("keepalive_timeout", "keep_alive"),
            ("client_header_timeout", "client_header"), ("client_body_timeout", "downstream"),
        ]
        for (directive, key) in keys {
            guard let line = http.last(where: { $0.name == directive }),
                let text = time(line, mayBeZero: key == "keep_alive")
            else { continue }
            timeouts.append(.init(text: "  \(key): \(text)", position: line.position))
        }
        if let line = http.last(where: { $0.name == "send_timeout" }) {
            let body = http.last(where: { $0.name == "client_body_timeout" })
            if let body, body.argument(0) != line.argument(0) {
                findings.note(
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
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
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
