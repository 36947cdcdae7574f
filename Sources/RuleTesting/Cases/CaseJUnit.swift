import Bytes

/// Writes a report on cases as JUnit XML for CI systems, with a test suite for each file.
package enum CaseJUnit {
    package static func render(_ report: CaseReport) -> String {
        var lines = [
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
            "<testsuites name=\"berth test\" tests=\"\(report.results.count)\" failures=\"\(report.failed)\">",
        ]
        for file in report.files {
            let failed = file.results.count { !$0.passed }
            let name = escaped(file.file.file)
            lines.append(
                "  <testsuite name=\"\(name)\" tests=\"\(file.results.count)\" failures=\"\(failed)\" errors=\"0\" skipped=\"0\">"
            )
            for result in file.results { lines += testCase(result, name) }
            lines.append("  </testsuite>")
        }
        lines.append("</testsuites>")
        return lines.joined(separator: "\n") + "\n"
    }

    private static func testCase(_ result: CaseResult, _ file: String) -> [String] {
        let name = escaped(Printable.text(result.routeCase.name))
        let head =
            "    <testcase classname=\"\(file)\" name=\"\(name)\" file=\"\(file)\" line=\"\(result.routeCase.line)\""
        guard !result.passed else { return [head + "/>"] }
        let text = result.differences.map { difference in
            "\(difference.key)\n- \(difference.expectedText)\n+ \(difference.actualText)"
        }
        let message = result.differences.map(\.key).joined(separator: ", ") + " differ"
        return [
            head + ">",
            "      <failure type=\"difference\" message=\"\(escaped(message))\">"
                + escaped(text.map(lines).joined(separator: "\n")) + "</failure>",
            "    </testcase>",
        ]
    }

    /// Replaces characters that XML cannot contain, line by line.
    private static func lines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { Printable.text(String($0)) }
            .joined(separator: "\n")
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            // XML 1.0 §2.2 does not allow these, not even escaped.
            case "\u{FFFE}", "\u{FFFF}": out += "\u{FFFD}"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
