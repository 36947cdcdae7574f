import Bytes
import FoundationEssentials

/// The pools of a tier in columns, for people: a line for each endpoint.
package enum PoolsTable {
    package static func text(_ report: PoolsReport) -> String {
        var lines = [
            [
                "TARGET", "POOL", "ENDPOINT", "STATE", "WEIGHT", "REQUESTS", "NEXT", "CHANGED", "CAUSE",
                "EVIDENCE",
                "IDENTITY",
            ]
        ]
        for target in report.targets {
            if target.members.isEmpty { lines.append(empty(target)) }
            for member in target.members { lines.append(line(member, of: target)) }
        }
        return TextColumns.text(lines)
    }

    /// The targets that are paused or stopped, a line for each.
    package static func holds(_ report: PoolsReport) -> [String] {
        report.holds.map { hold in
            switch hold.state {
            case .paused:
                "\(hold.name) is paused: \(hold.waiting) requests wait, each for \(seconds(hold.max ?? 0)) at most"
            case .stopped:
                "\(hold.name) is stopped: requests get 503"
                    + (hold.message.map { " (\($0))" } ?? "")
            }
        }
    }

    /// The targets that are split, a line for each: `shop is split: shop-v2 10, shop-v1 90`.
    package static func splits(_ report: PoolsReport) -> [String] {
        report.splits.map { split in
            let parts = split.parts.map { "\($0.to) \($0.weight)" }.joined(separator: ", ")
            let written = split.parts.map { "\($0.written)" }.joined(separator: ", ")
            return Printable.text("\(split.name) is split: \(parts)")
                + (split.setByOperator ? " (set; the rule file has \(written))" : "")
        }
    }

    /// The targets that are deployed, and the states of endpoints that no target has, a line for each.
    package static func notes(_ report: PoolsReport) -> [String] {
        let deployed = report.deployed.map { one in
            "\(one.name) is deployed: \(one.endpoints.joined(separator: ", "))"
        }
        let states = report.states.map { one in
            "\(one.endpoint) is set to \(one.state.rawValue)"
                + (one.pool.map { " in the pool \(Printable.text($0))" } ?? "")
                + (one.identity.map { " (\(Printable.text($0)))" } ?? "") + "; no target in use has it"
        }
        return deployed + states
    }

    private static func empty(_ target: PoolsReport.Target) -> [String] {
        var line = [target.name, target.pool ?? "-", "-", target.next.failure ?? "-"]
        line += Array(repeating: "-", count: 7)
        return line.map(Printable.text)
    }

    private static func line(_ member: PoolsReport.Member, of target: PoolsReport.Target) -> [String] {
        let last = member.transitions.last
        let cells = [
            target.name, target.pool ?? "-", member.endpoint + (member.scheme.map { " (\($0))" } ?? ""),
            state(member, isInUse: target.inUse),
            weight(member),
            "\(member.requests)" + (member.maxConns.map { "/\($0)" } ?? ""),
            next(member),
            last.map { NameListing.span(Int64($0.age)) } ?? "-",
            last.map { $0.cause + ($0.detail.isEmpty ? "" : ":\($0.detail)") } ?? "-",
            last.map { $0.evidence.isEmpty ? "-" : $0.evidence } ?? "-",
            member.identity ?? "-",
        ]
        return cells.map(Printable.text)
    }

    private static func state(_ member: PoolsReport.Member, isInUse: Bool) -> String {
        member.state.rawValue + (member.setByOperator ? " (set)" : "")
            + (member.setBySource == true ? " (source)" : "") + (member.backup ? " (backup)" : "")
            + (isInUse ? "" : " (not in use)")
    }

    /// `3`, and `3 (20%)` during a slow start.
    private static func weight(_ member: PoolsReport.Member) -> String {
        guard member.share < 1 else { return "\(member.weight)" }
        return "\(member.weight) (\(max(1, Int(member.share * 100)))%)"
    }

    private static func next(_ member: PoolsReport.Member) -> String {
        if let time = member.triedIn, member.state == .avoided { return "tried in \(seconds(time))" }
        if let time = member.check?.dueIn { return "check in \(seconds(time))" }
        return "-"
    }

    static func seconds(_ seconds: Double) -> String {
        seconds < 10 ? FixedPoint.text(max(0, seconds), places: 1) + "s" : NameListing.span(Int64(seconds))
    }
}
