import Bytes
import Foundation

/// The certificates of a tier in columns, for people: a line for each.
package enum CertificatesTable {
    package static func text(_ report: CertificatesReport) -> String {
        var lines = [["LISTENER", "NAMES", "EXPIRES", "LEFT", "KEY", "ISSUER", "FILE", "NOTE"]]
        for listener in report.listeners {
            for item in listener.certificates { lines.append(line(item, of: listener)) }
        }
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            zip(line, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
                .joined(separator: "  ").trimmingCharacters(in: .whitespaces)
        }.joined(separator: "\n")
    }

    /// What could not be used, and what names without a certificate get, a line for each.
    package static func notes(_ report: CertificatesReport) -> [String] {
        var lines: [String] = []
        for listener in report.listeners {
            for problem in listener.problems {
                lines.append(
                    Printable.text(problem.message) + (problem.keepsOld ? " (the old one is kept)" : "")
                )
                if let hint = problem.hint { lines.append("  help: " + Printable.text(hint)) }
            }
            if listener.defaultName == nil {
                lines.append(
                    "\(listener.address) has no default: clients with another name, or none, are refused (unrecognized_name)"
                )
            }
        }
        return lines
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

    /// How many names of one certificate are shown.
    private static let maxNames = 4

    private static func names(_ names: [String]) -> String {
        let shown = names.prefix(maxNames).joined(separator: ",")
        return names.count > maxNames ? "\(shown),+\(names.count - maxNames)" : shown
    }

    private static func note(_ item: CertificatesReport.Item) -> String {
        var notes: [String] = []
        if item.isDefault { notes.append("default") }
        switch item.state {
        case .valid: break
        case .expiresSoon: notes.append("expires soon")
        case .expired: notes.append("expired")
        }
        if !item.shadowed.isEmpty {
            notes.append("not used for \(names(item.shadowed)): another one has the name")
        }
        return notes.isEmpty ? "-" : notes.joined(separator: "; ")
    }
}
