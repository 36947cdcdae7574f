import Bytes

/// Writes a report on cases for a terminal: the differences, then the counts.
package struct CaseText {
    private let color: Bool
    /// The maximum number of listed rules and branches without a case; the others are counted.
    private static let maxUncovered = 20

    package init(color: Bool) {
        self.color = color
    }

    package func render(_ report: CaseReport) -> String {
        var lines: [String] = []
        for file in report.files {
            for result in file.results where !result.passed { lines += render(result, of: file.file.file) }
        }
        for file in report.files {
            let failed = file.results.count { !$0.passed }
            let count = file.results.count
            let verdict =
                failed == 0 ? paint("ok", 32) : paint("\(failed) failed", 31)
            lines.append("\(file.file.file): \(count) \(count == 1 ? "case" : "cases"), \(verdict)")
        }
        lines += render(report.coverage)
        return lines.joined(separator: "\n") + "\n"
    }

    private func render(_ result: CaseResult, of file: String) -> [String] {
        var lines = [
            paint("FAIL", 31) + " " + paint("\(file):\(result.routeCase.line)", 1)
                + " \(Printable.text(result.routeCase.name))"
        ]
        for difference in result.differences {
            lines.append("    \(Printable.text(difference.key))")
            lines.append(paint("      - \(Printable.text(difference.expectedText))", 31))
            lines.append(paint("      + \(Printable.text(difference.actualText))", 32))
        }
        lines.append("")
        return lines
    }

    private func render(_ coverage: Coverage) -> [String] {
        var lines = ["coverage: \(coverage.summary)"]
        let missing = coverage.missing
        for one in missing.prefix(Self.maxUncovered) {
            lines.append("  \(one.location): " + paint(Printable.text(one.words), 33))
        }
        if missing.count > Self.maxUncovered {
            lines.append("  … and \(missing.count - Self.maxUncovered) more; --format json lists all of them")
        }
        return lines
    }

    private func paint(_ text: String, _ code: Int) -> String {
        color ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
