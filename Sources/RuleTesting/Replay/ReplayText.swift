import Bytes

/// Writes the report of a replay for a terminal.
package struct ReplayText {
    private let color: Bool
    /// The maximum number of listed rules that won, and of rules that never won; the others are counted.
    private static let maxRules = 50

    package init(color: Bool) {
        self.color = color
    }

    package func render(_ report: ReplayReport) -> String {
        var lines = [paint("\(report.log): \(report.lines) lines, \(report.requests) requests", 1)]
        if report.withoutRequest > 0 {
            lines.append("  \(report.withoutRequest) lines without a request")
        }
        if report.otherTier > 0 { lines.append("  \(report.otherTier) lines of another tier") }
        if report.unparsable > 0 {
            lines.append(paint("  not lines of an access log: \(report.unparsable)", 31))
            if let first = report.firstUnparsable {
                lines.append("    first: line \(first.line): \(first.why)")
                if !first.text.isEmpty { lines.append("    \(Printable.text(first.text))") }
            }
        }
        for tier in report.tiers { lines += render(tier, of: report.requests) }
        lines.append("")
        lines.append(
            paint("reach an endpoint: \(report.forwarded)", 32) + share(report.forwarded, report.requests)
        )
        if report.changed > 0 {
            let first =
                report.firstChanged.map { ", first on line \($0.line): \(Printable.text($0.host))" } ?? ""
            lines.append(paint("decided by another rule than in the log: \(report.changed)\(first)", 33))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func render(_ tier: ReplayReport.Tier, of requests: Int) -> [String] {
        var lines = ["", "\(paint(tier.tier, 1))  \(tier.files.joined(separator: " "))"]
        let won = tier.rules.filter { $0.wins > 0 }
        for rule in won.prefix(Self.maxRules) {
            lines.append("  \(padded(rule.wins))  \(rule.rule)\(location(rule))\(share(rule.wins, requests))")
        }
        if won.count > Self.maxRules { lines.append("  … and \(won.count - Self.maxRules) more rules") }
        let never = tier.rules.filter { $0.wins == 0 }
        for rule in never.prefix(Self.maxRules) {
            lines.append(paint("  \(padded(0))  \(rule.rule)\(location(rule)): never won", 33))
        }
        if never.count > Self.maxRules {
            lines.append(paint("  … and \(never.count - Self.maxRules) more rules never won", 33))
        }
        for response in tier.responded {
            lines.append("  \(padded(response.count))  a rule responds \(response.status)")
        }
        for refused in tier.refused {
            let first = "first on line \(refused.first.line): \(Printable.text(refused.first.host))"
            lines.append(paint("  \(padded(refused.count))  refused: \(refused.cause)", 31) + ", \(first)")
        }
        return lines
    }

    private func location(_ rule: ReplayReport.RuleWins) -> String {
        rule.location.map { " (\($0))" } ?? ""
    }

    /// `, 12.3 %`
    private func share(_ part: Int, _ whole: Int) -> String {
        guard whole > 0 else { return "" }
        let tenths = Int((Double(part) * 1000 / Double(whole)).rounded())
        return ", \(tenths / 10).\(tenths % 10) %"
    }

    private func padded(_ count: Int) -> String {
        let text = String(count)
        return String(repeating: " ", count: max(0, 9 - text.utf8.count)) + text
    }

    private func paint(_ text: String, _ code: Int) -> String {
        color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
