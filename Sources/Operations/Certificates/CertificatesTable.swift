import Bytes
import FoundationEssentials

/// The certificates of a tier in columns, for people: a line for each.
package enum CertificatesTable {
    package static func text(_ report: CertificatesReport) -> String {
        var lines = [["LISTENER", "NAMES", "EXPIRES", "LEFT", "KEY", "ISSUER", "FILE", "NOTE"]]
        for listener in report.listeners {
            for item in listener.certificates { lines.append(line(item, of: listener)) }
        }
        for upstream in report.upstreams ?? [] { lines += self.lines(upstream) }
        for file in report.clients ?? [] {
            lines += authorities(file.authorities, of: file.ca, "clients", "-")
        }
        return TextColumns.text(lines)
    }

    /// What could not be used, and what names without a certificate get, a line for each.
    package static func notes(_ report: CertificatesReport) -> [String] {
        var lines: [String] = []
        for listener in report.listeners {
            lines += problems(listener.problems)
            if listener.defaultName == nil {
                lines.append(
                    "\(listener.address) has no default: clients with another name, or none, are refused (unrecognized_name)"
                )
            }
        }
        for upstream in report.upstreams ?? [] {
            lines += problems(upstream.problems)
            if !upstream.verify {
                lines.append("upstream: endpoints are not verified (verify: false)")
            }
        }
        for file in report.clients ?? [] { lines += problems(file.problems) }
        return lines
    }

    private static func problems(_ problems: [CertificatesReport.Problem]) -> [String] {
        problems.flatMap { problem in
            let text = Printable.text(problem.message) + (problem.keepsOld ? " (the old one is kept)" : "")
            return [text] + (problem.hint.map { ["  help: " + Printable.text($0)] } ?? [])
        }
    }

    /// Authorities beyond these of one file are counted.
    private static let maxAuthorities = 8

    private static func lines(_ upstream: CertificatesReport.Upstream) -> [[String]] {
        let name = upstream.serverName ?? "the target's"
        var lines: [[String]] = []
        if let ca = upstream.ca {
            lines += authorities(upstream.authorities, of: ca, "upstream", name)
        } else if upstream.verify, upstream.problems.isEmpty {
            lines.append(["upstream", name, "-", "-", "-", "-", "-", "the system's authorities"])
        }
        if let item = upstream.certificate {
            let notes = ["shown to endpoints"] + note(item.state)
            lines.append([
                "upstream", item.names.isEmpty ? "-" : self.names(item.names),
                String(item.notAfter.prefix(10)), "\(item.daysLeft)d", item.keyKind,
                item.issuer.isEmpty ? "-" : item.issuer, item.cert, notes.joined(separator: "; "),
            ])
        }
        return lines.map { $0.map(Printable.text) }
    }

    private static func line(
        _ item: CertificatesReport.Item,
        of listener: CertificatesReport.Listener
    ) -> [String] {
        let cells = [
            listener.address, names(item.names), String(item.notAfter.prefix(10)), "\(item.daysLeft)d",
            item.keyKind, item.issuer.isEmpty ? "-" : item.issuer, item.cert, note(item),
        ]
        return cells.map(Printable.text)
    }

    /// - Parameters:
    ///   - user: what verifies others by them.
    ///   - name: whom.
    private static func authorities(
        _ authorities: [CertificatesReport.Authority],
        of ca: String,
        _ user: String,
        _ name: String
    ) -> [[String]] {
        var lines = authorities.prefix(maxAuthorities).map { authority in
            [
                user, name, String(authority.notAfter.prefix(10)), "\(authority.daysLeft)d",
                authority.keyKind,
                authority.name.isEmpty ? "-" : authority.name, ca,
                (["authority"] + note(authority.state)).joined(separator: "; "),
            ]
        }
        if authorities.count > maxAuthorities {
            let more = "\(authorities.count - maxAuthorities) more authorities"
            lines.append([user, name, "-", "-", "-", more, ca, "authority"])
        }
        return lines.map { $0.map(Printable.text) }
    }

    /// How many names of one certificate are shown.
    private static let maxNames = 4

    private static func names(_ names: [String]) -> String {
        let shown = names.prefix(maxNames).joined(separator: ",")
        return names.count > maxNames ? "\(shown),+\(names.count - maxNames)" : shown
    }

    private static func note(_ state: CertificatesReport.Item.State) -> [String] {
        switch state {
        case .valid: []
        case .expiresSoon: ["expires soon"]
        case .expired: ["expired"]
        }
    }

    private static func note(_ item: CertificatesReport.Item) -> String {
        var notes: [String] = []
        if item.isDefault { notes.append("default") }
        notes += note(item.state)
        if !item.shadowed.isEmpty {
            notes.append("not used for \(names(item.shadowed)): another one has the name")
        }
        return notes.isEmpty ? "-" : notes.joined(separator: "; ")
    }
}
