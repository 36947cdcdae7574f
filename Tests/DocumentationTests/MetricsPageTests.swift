import Foundation
import Metrics
import ProxyCore
import Testing

/// The table of metrics in docs/metrics.md is what a tier exposes.
///
/// After a wanted change: `BERTH_UPDATE_GOLDEN=1 swift test --filter MetricsPageTests`.
@Suite struct MetricsPageTests {
    private static let page = "docs/metrics.md"
    private static let head = "| metric | kind | labels | meaning |\n|---|---|---|---|\n"

    private static var rows: String {
        BerthMetrics.all.map { family in
            let labels = family.labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(family.name)` | \(family.kind.rawValue) | \(labels) | \(family.help) |\n"
        }.joined()
    }

    @Test func `docs/metrics.md lists exactly the metrics that there are`() throws {
        var text = try Repository.text(Self.page)
        let head = try #require(text.range(of: Self.head), "docs/metrics.md has no table of metrics")
        let end = text.range(of: "\n\n", range: head.upperBound..<text.endIndex)?.lowerBound
        let table = head.upperBound..<(end.map { text.index(after: $0) } ?? text.endIndex)
        if ProcessInfo.processInfo.environment["BERTH_UPDATE_GOLDEN"] != nil {
            text.replaceSubrange(table, with: Self.rows)
            let path = Repository.root.appending(path: Self.page)
            try text.write(to: path, atomically: true, encoding: .utf8)
        } else if text[table] != Self.rows {
            Issue.record("docs/metrics.md has\n\(text[table])\nand not\n\(Self.rows)")
        }
    }
}
