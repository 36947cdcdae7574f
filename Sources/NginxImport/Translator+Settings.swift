extension Translator {
    /// Timeouts and the body's limit, where they are not those of all rules.
    func writeSettings(_ context: Context, _ rule: inout ImportedRule) {
        var timeouts: [String] = []
        var place: NginxPlace?
        for (directive, key) in Self.ruleTimeouts {
            guard let line = context.nearest(directive), !context.isGlobal(directive), let text = time(line)
            else { continue }
            timeouts.append("\(key): \(text)")
            place = place ?? line.place
        }
        if !timeouts.isEmpty { rule.add("timeouts: { \(timeouts.joined(separator: ", ")) }", at: place) }
        if let line = context.nearest("client_max_body_size"), !context.isGlobal("client_max_body_size"),
            let size = size(line)
        {
            rule.add("max_body: \(size)", at: line.place)
        }
        for name in ["keepalive_timeout", "client_header_timeout", "client_body_timeout", "send_timeout"] {
            guard let line = context.nearest(name), !context.isGlobal(name) else { continue }
            findings.untranslated(name, at: line.place, "it can be set for all rules together only")
        }
        if let line = context.nearest("proxy_send_timeout") {
            let read = context.nearest("proxy_read_timeout")
            if line.argument(0) != (read?.argument(0) ?? "60s") {
                findings.note(
                    "proxy_send_timeout",
                    at: line.place,
                    "Berth has one time for reading and sending: proxy_read_timeout's"
                )
            }
        }
    }

    private static let ruleTimeouts = [
        ("proxy_connect_timeout", "connect"), ("proxy_read_timeout", "upstream"),
    ]

    /// `limits` and `timeouts` of the whole file.
    func globalSettings() -> [ImportedRule.Line] {
        var lines: [ImportedRule.Line] = []
        if let line = http.last(where: { $0.name == "client_max_body_size" }) {
            if let size = size(line) {
                lines.append(.init(text: "limits: { body: \(size) }", place: line.place))
            }
        } else {
            lines.append(
                .init(text: "limits: { body: 1m }  # nginx's default for client_max_body_size", place: nil)
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
            timeouts.append(.init(text: "  \(key): \(text)", place: line.place))
        }
        if let line = http.last(where: { $0.name == "send_timeout" }) {
            let body = http.last(where: { $0.name == "client_body_timeout" })
            if let body, body.argument(0) != line.argument(0) {
                findings.note(
                    "send_timeout",
                    at: line.place,
                    "Berth has one time for both ways: client_body_timeout's"
                )
            } else if body == nil, let text = time(line) {
                timeouts.append(.init(text: "  downstream: \(text)", place: line.place))
            }
        }
        if !timeouts.isEmpty { lines += [.init(text: "timeouts:", place: nil)] + timeouts }
        return lines
    }

    /// nginx's time as Berth's; nil and a finding: it cannot be one.
    private func time(_ line: Directive, mayBeZero: Bool = false) -> String? {
        let text = line.argument(0) ?? ""
        guard let milliseconds = Quantities.milliseconds(text), milliseconds > 0 || mayBeZero,
            milliseconds <= 365 * 86_400_000
        else {
            findings.untranslated("\(line.name) \(text)", at: line.place, "Berth has no such time")
            return nil
        }
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }

    private func size(_ line: Directive) -> String? {
        let text = (line.argument(0) ?? "").lowercased()
        guard let (number, unit) = Quantities.split(text), ["", "k", "m", "g"].contains(unit) else {
            findings.untranslated("\(line.name) \(text)", at: line.place, "it is no size")
            return nil
        }
        return number == 0 ? "unlimited" : text
    }
}

/// Numbers with units, as nginx writes them.
enum Quantities {
    /// `60`, `60s`, `1m30s`, `500ms`; nil: none, or too large.
    static func milliseconds(_ text: String) -> Int? {
        var total = 0
        var rest = Substring(text)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest[unit.endIndex...].drop { $0 == " " }
            guard let number = Int(digits), number < 1 << 40, let each = units[String(unit)] else {
                return nil
            }
            let (product, overflow) = number.multipliedReportingOverflow(by: each)
            let (sum, carry) = total.addingReportingOverflow(product)
            guard !overflow, !carry else { return nil }
            total = sum
        }
        return total
    }

    private static let units = [
        "": 1000, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000,
        "M": 2_592_000_000, "y": 31_536_000_000,
    ]

    static func split(_ text: String) -> (number: Int, unit: String)? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let number = Int(digits) else { return nil }
        return (number, String(text[digits.endIndex...]))
    }
}
