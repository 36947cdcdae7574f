import Bytes

/// Writes a report on changed routes for a terminal.
package struct DiffText {
    private let color: Bool
    /// The maximum number of listed hosts of a group; the others are counted.
    private static let maxHosts = 5

    package init(color: Bool) {
        self.color = color
    }

    package func render(_ report: DiffReport) -> String {
        var lines: [String] = []
        for group in report.groups {
            lines.append(
                paint("\(side(group.old)) -> \(side(group.new))", 1)
                    + ": \(group.requests) \(group.requests == 1 ? "request" : "requests"), "
                    + "\(group.hosts.count) \(group.hosts.count == 1 ? "host" : "hosts")"
                    + (group.beyond > 0 ? " and more" : "")
            )
            for host in group.hosts.prefix(Self.maxHosts) {
                lines.append("  \(Printable.text(host.host))")
                lines.append(paint("    - \(Printable.text(host.old))", 31))
                lines.append(paint("    + \(Printable.text(host.new))", 32))
            }
            if group.hosts.count > Self.maxHosts {
                lines.append("  … and \(group.hosts.count - Self.maxHosts) more; --json lists all of them")
            }
            lines.append("")
        }
        for name in report.names {
            lines.append(paint("name \(name.name)", 1))
            lines.append(paint("    - \(addresses(name.old))", 31))
            lines.append(paint("    + \(addresses(name.new))", 32))
        }
        if !report.names.isEmpty { lines.append("") }
        for host in report.conditional {
            lines.append(paint(Printable.text(host.host), 1) + ": for some requests")
            lines.append(paint("    - \(rules(host.old))", 31))
            lines.append(paint("    + \(rules(host.new))", 32))
        }
        if !report.conditional.isEmpty { lines.append("") }
        if report.unparsable > 0 {
            lines.append(paint("not lines of an access log: \(report.unparsable)", 31))
        }
        lines.append(summary(report))
        return lines.joined(separator: "\n") + "\n"
    }

    private func summary(_ report: DiffReport) -> String {
        switch report.source {
        case "replay": return "\(report.changed) of \(report.requests) logged requests change their route"
        case "cases":
            return "\(report.changed) of \(report.requests) requests of the cases change their route"
        default:
            let found = report.changed + report.conditional.count
            let what =
                found == 0
                ? "no host found whose rule changes" : "hosts that are routed differently: \(found)"
            return what
                + (report.isComplete == true
                    ? "; every pair of rules was compared"
                    : "; some patterns cannot be compared, so there may be more")
        }
    }

    private func rules(_ names: [String]) -> String {
        names.isEmpty ? "no rule" : names.joined(separator: ", then ")
    }

    private func addresses(_ addresses: [String]) -> String {
        addresses.isEmpty ? "unknown" : addresses.joined(separator: ", ")
    }

    private func side(_ side: DiffReport.Side) -> String {
        let rule = side.rule.map { "\($0)\(side.location.map { " (\($0))" } ?? "")" } ?? "no rule"
        return side.kind == "forward" || side.rule == nil && side.kind.hasSuffix("no_rule")
            ? rule : "\(rule): \(side.kind)"
    }

    private func paint(_ text: String, _ code: Int) -> String {
        color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
