/// A dry run's report for a person at a terminal.
package struct DryRunText {
    private let color: Bool

    package init(color: Bool) {
        self.color = color
    }

    package func render(_ report: DryRunReport) -> String {
        var lines = [strong(printable(report.url))]
        if let certificate = report.certificate {
            lines.append("certificate  " + printable(certificate.words))
            if let client = certificate.client {
                lines.append("client certificate  " + printable(client.words))
            }
        }
        // The request of a refused handshake comes to no rule.
        if report.certificate?.file != nil || report.certificate == nil {
            for tier in report.tiers { lines += render(tier) }
        }
        if let received = report.received {
            lines.append(strong("the container receives"))
            lines.append("  " + printable(received.requestLine))
            lines += received.headers.map { "  \($0.name): \(printable($0.value))" }
        }
        lines += report.notes.map { "note: " + printable($0) }
        lines.append(conclusion(report))
        return lines.joined(separator: "\n") + "\n"
    }

    private func conclusion(_ report: DryRunReport) -> String {
        switch report.outcome {
        case .forwarded:
            let endpoint = report.tiers.last?.endpoint ?? "-"
            return paint("=> reaches \(endpoint)", 32)
        case .responded:
            let tier = report.tiers.last
            let redirect = tier?.redirect.map { ", redirect to \(printable($0))" } ?? ""
            return paint(
                "=> the \(tier?.tier ?? "-") tier responds: status \(report.status ?? 0)\(redirect)",
                33
            )
        case .refused:
            return paint(
                "=> refused by the \(report.tiers.last?.tier ?? "-") tier: "
                    + (report.status.map { "status \($0), " } ?? "")
                    + "\(report.reason ?? "-"): \(report.detail ?? "-")",
                31
            )
        }
    }

    private func render(_ tier: DryRunReport.Tier) -> [String] {
        var lines = ["\(strong(tier.tier))  \(tier.files.joined(separator: " "))"]
        func row(_ key: String, _ value: String) {
            lines.append("  " + key + String(repeating: " ", count: max(1, 10 - key.count)) + value)
        }
        for step in tier.trace ?? [] {
            row(step.matched ? "match" : "no match", "\(step.rule)\(position(step.location)): \(step.why)")
        }
        row("rule", tier.rule.map { $0 + position(tier.location) } ?? "none")
        if !tier.captures.isEmpty {
            row("captures", tier.captures.map { "\($0.name)=\(printable($0.value))" }.joined(separator: " "))
        }
        if let target = tier.target {
            row("target", target)
            if let split = tier.split { row("split", printable(split.words)) }
            for left in tier.failover ?? [] { row("failover", "\(left.target) is left: \(left.reason)") }
            if let used = tier.usedTarget { row("used", printable(used)) }
            row(
                "endpoint",
                tier.endpoints.isEmpty
                    ? "none" : tier.endpoints.map { endpoint($0, tier) }.joined(separator: ", ")
            )
            if let pool = tier.pool { row("pool", printable(pool.words)) }
            row("from", tier.source ?? "no name source has it")
        }
        for prohibited in tier.prohibited { row("refused", "\(prohibited.endpoint): \(prohibited.reason)") }
        for header in tier.headers.removed { row("-", "\(header.name): \(printable(header.value))") }
        for header in tier.headers.added { row("+", "\(header.name): \(printable(header.value))") }
        for line in tier.response ?? [] { row("response", printable(line)) }
        if let page = tier.page { row("page", printable(page)) }
        return lines
    }

    /// `10.0.0.5:9000`, `10.0.0.5:9000 (drain)`.
    private func endpoint(_ endpoint: String, _ tier: DryRunReport.Tier) -> String {
        guard let remarks = tier.remarks?[endpoint] else { return endpoint }
        return "\(endpoint) (\(remarks.joined(separator: ", ")))"
    }

    private func position(_ location: String?) -> String {
        location.map { " (\($0))" } ?? ""
    }

    /// What a stranger sent must not move the terminal's cursor.
    private func printable(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            if scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) {
                out += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            } else {
                out.unicodeScalars.append(scalar)
            }
        }
        return out
    }

    private func strong(_ text: String) -> String { paint(text, 1) }

    private func paint(_ text: String, _ code: Int) -> String {
        color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
