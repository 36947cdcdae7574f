import Bytes
import FoundationEssentials

/// A request in words, for `berth why`. All text from requests and tiers is escaped.
package struct WhyText {
    private var lines: [String] = []

    package static func of(_ report: RequestReport) -> String {
        var text = WhyText()
        text.head(report)
        for part in report.tiers { text.part(part) }
        if let missing = report.missing { text.line("local", missing) }
        if report.others > 0 {
            text.lines.append("\(report.others) earlier requests have this id, too: the client chose it.")
        }
        return text.lines.joined(separator: "\n")
    }

    // MARK: The answer

    private mutating func head(_ report: RequestReport) {
        let url = (report.host ?? "-") + Self.path(report.target)
        lines.append(Printable.text("\(report.method ?? "-") \(url)"))
        let time = Self.duration(report.durationMs)
        if let running = report.tiers.last?.running ?? report.running {
            lines.append(
                Printable.text("  running for \(time), since \(report.time): \(Self.doing(running))")
            )
        } else {
            lines.append(Printable.text("  \(Self.outcome(report)), after \(time) at \(report.time)"))
        }
        if let id = report.id { lines.append("  id \(Printable.text(id))") }
        if let failed = report.origin, let message = failed.message {
            lines.append("")
            lines.append(Printable.text("\(failed.cause ?? ""): \(message) (\(failed.tier) tier)"))
            if let help = failed.help { lines.append("  " + Printable.text(help)) }
        }
    }

    private static func outcome(_ report: RequestReport) -> String {
        if report.status == 0 { return "no response" }
        if report.cause == nil, let last = report.tiers.last, last.cause == nil,
            let endpoint = last.choice?.endpoint
        {
            return "\(report.status) from \(endpoint)"
        }
        return "\(report.status)"
    }

    // MARK: One tier

    private mutating func part(_ part: RequestReport.TierPart) {
        lines.append("")
        lines.append("\(Printable.text(part.tier)) tier")
        let peer = part.peer == part.client ? "" : " (by \(part.peer))"
        line("client", "\(part.client)\(peer) \(part.protocol ?? "")")
        rule(part)
        target(part)
        attempts(part)
        if part.attempts.isEmpty, let choice = part.choice { line("endpoint", choice.why) }
        if !part.stages.isEmpty {
            line(
                "time",
                part.stages.map { "\(Self.stage($0.stage)) \(Self.duration($0.ms))" }.joined(separator: ", ")
            )
        }
        line("bytes", "\(part.bytesIn) in, \(part.bytesOut) out")
        if let running = part.running { line("now", Self.doing(running)) }
        guard part.status > 0 || part.running == nil else { return }
        var result = part.status == 0 ? "none" : "\(part.status)"
        if let cause = part.cause { result += " \(cause)" }
        if let detail = part.detail { result += " (\(detail))" }
        line("result", result)
    }

    private mutating func rule(_ part: RequestReport.TierPart) {
        if let rule = part.rule {
            line("rule", rule + (part.location.map { " (\($0))" } ?? ""))
        } else {
            line("rule", part.trace.isEmpty ? "none" : "none matches")
        }
        if !part.captures.isEmpty {
            line(
                "captures",
                part.captures.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
                    separator: " "
                )
            )
        }
        trace(part)
        if let note = part.traceNote { line("note", note) }
    }

    /// The rules before the one that matched; all of them where none did.
    private mutating func trace(_ part: RequestReport.TierPart) {
        let others = part.trace.filter { !$0.matched }
        for step in others.prefix(Self.traceLines) { line("not", "\(step.rule): \(step.why)") }
        let rest = max(0, others.count - Self.traceLines) + part.traceCut
        if rest > 0 { line("not", "\(rest) more rules: see --json") }
    }

    private static let traceLines = 10

    private mutating func target(_ part: RequestReport.TierPart) {
        guard let target = part.to else { return }
        line("target", target + (part.usedTarget.map { ", in its place \($0)" } ?? ""))
        guard let choice = part.choice else { return }
        let pool = choice.pool.map { "pool \($0), " } ?? ""
        let well = choice.well.map { ", \($0) well" } ?? ""
        let count = choice.endpoints == 1 ? "1 endpoint" : "\(choice.endpoints) endpoints"
        line("choice", "\(pool)\(choice.policy), \(count)\(well)")
    }

    private mutating func attempts(_ part: RequestReport.TierPart) {
        for (index, attempt) in part.attempts.enumerated() {
            var text = "\(attempt.endpoint), \(attempt.why)"
            if attempt.reused {
                text += "; over a connection that was there"
            } else if let connect = attempt.connectMs {
                text += "; connected in \(Self.duration(connect))"
                if let tls = attempt.tlsMs { text += ", TLS \(Self.duration(tls))" }
            }
            if let status = attempt.status { text += "; it responded \(status)" }
            if let cause = attempt.cause {
                text += "; \(cause) after \(Self.duration(attempt.endedMs - attempt.beganMs))"
            }
            line(index == 0 ? "endpoint" : "then", text)
        }
        if part.attemptsNotKept > 0 { line("then", "\(part.attemptsNotKept) more attempts") }
    }

    // MARK: Pieces

    private mutating func line(_ name: String, _ text: String) {
        let padding = String(repeating: " ", count: max(1, 10 - name.count))
        lines.append("  \(name)\(padding)\(Printable.text(text))")
    }

    private static func doing(_ running: String) -> String {
        switch running {
        case "name": "it waits for the name"
        case "hold": "it waits for the paused target"
        case "place": "it waits for a place"
        case "connect": "it connects"
        case "first_byte": "it waits for the response"
        case "body": "the response is on its way"
        case "tunnel": "another protocol passes both ways"
        case "page": "it waits for the error page"
        default: running
        }
    }

    private static func stage(_ name: String) -> String {
        switch name {
        case "name": "wait for the name"
        case "hold": "wait for the paused target"
        case "place": "wait for a place"
        case "first_byte": "first byte"
        case "tls": "TLS"
        default: name
        }
    }

    static func duration(_ milliseconds: Double) -> String {
        if milliseconds < 10 { return "\(decimal(milliseconds, places: 2)) ms" }
        if milliseconds < 10_000 { return "\(decimal(milliseconds, places: 0)) ms" }
        return "\(decimal(milliseconds / 1000, places: 1)) s"
    }

    /// - Parameter value: not negative.
    private static func decimal(_ value: Double, places: Int) -> String {
        let scale = (0..<places).reduce(1) { result, _ in result * 10 }
        let scaled = (value * Double(scale)).rounded()
        guard scaled >= 0, scaled < 1e15 else { return "\(value)" }
        let whole = Int(scaled)
        guard places > 0 else { return "\(whole)" }
        let rest = "\(whole % scale)"
        return "\(whole / scale)." + String(repeating: "0", count: places - rest.count) + rest
    }

    private static func path(_ target: String?) -> String {
        guard let target else { return "" }
        return target.hasPrefix("/") ? target : " \(target)"
    }
}
