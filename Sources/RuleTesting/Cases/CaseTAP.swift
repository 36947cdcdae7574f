import Bytes
import RoutingConfig

/// Writes a report on cases in the Test Anything Protocol, version 14 (https://testanything.org).
package enum CaseTAP {
    package static func render(_ report: CaseReport) -> String {
        var lines = ["TAP version 14", "1..\(report.results.count)"]
        var number = 0
        for file in report.files {
            for result in file.results {
                number += 1
                let name = escaped(Printable.text(result.routeCase.name))
                lines.append("\(result.passed ? "ok" : "not ok") \(number) - \(name)")
                if !result.passed { lines += diagnosis(result, of: file.file.file) }
            }
        }
        lines.append("# coverage: \(report.coverage.summary)")
        for one in report.coverage.missing { lines.append("# \(one.location): \(Printable.text(one.words))") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A YAML block as in TAP.
    private static func diagnosis(_ result: CaseResult, of file: String) -> [String] {
        var lines = [
            "  ---", "  file: \(YAMLText.scalar(file))", "  line: \(result.routeCase.line)",
            "  url: \(YAMLText.scalar(result.routeCase.url))", "  differences:",
        ]
        for difference in result.differences {
            lines.append("    - key: \(YAMLText.scalar(difference.key))")
            lines.append("      expected: \(YAMLText.scalar(difference.expectedText))")
            lines.append("      actual: \(YAMLText.scalar(difference.actualText))")
        }
        return lines + ["  ..."]
    }

    /// A `#` would begin a directive of TAP.
    private static func escaped(_ name: String) -> String {
        name.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\\\")
            .split(separator: "#", omittingEmptySubsequences: false).joined(separator: "\\#")
    }
}
