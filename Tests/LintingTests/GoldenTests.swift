import Foundation
import Linting
import RoutingConfig
import Testing

/// What `berth check` prints of `Golden/doubtful.yaml`, in each form. After a wanted change:
/// `BERTH_UPDATE_GOLDEN=1 swift test --filter LintingTests`, and read the difference.
@Suite struct GoldenTests {
    private static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden").path + "/"

    private static func findings() throws -> [Diagnostic] {
        let text = try String(contentsOfFile: folder + "doubtful.yaml", encoding: .utf8)
        let inspected = try ConfigurationLoader.inspect(text: text, file: "rules/doubtful.yaml")
        return Linter.findings(inspected)
    }

    @Test(arguments: LintReport.Format.allCases)
    func `Every finding is as written down`(format: LintReport.Format) throws {
        let said = try LintReport.render(try Self.findings(), format) + "\n"
        let path = Self.folder + "doubtful." + (format == .text ? "txt" : format.rawValue)
        if ProcessInfo.processInfo.environment["BERTH_UPDATE_GOLDEN"] != nil {
            try said.write(toFile: path, atomically: true, encoding: .utf8)
            return
        }
        let expected = try String(contentsOfFile: path, encoding: .utf8)
        if said != expected { Issue.record("\(path) expects\n\(expected)\nbut this was said:\n\(said)") }
    }

    @Test func `SARIF has the shape of version 2_1_0`() throws {
        let text = try LintReport.render(try Self.findings(), .sarif)
        let log = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(log["version"] as? String == "2.1.0")
        #expect(Set(log.keys) == ["$schema", "version", "runs"])
        let run = try #require((log["runs"] as? [[String: Any]])?.first)
        #expect(run["columnKind"] as? String == "unicodeCodePoints")
        let driver = try #require((run["tool"] as? [String: Any])?["driver"] as? [String: Any])
        #expect(driver["name"] as? String == "berth")
        let rules = try #require(driver["rules"] as? [[String: Any]])
        #expect(Set(rules.compactMap { $0["id"] as? String }).count == rules.count)
        let results = try #require(run["results"] as? [[String: Any]])
        #expect(results.count == (try Self.findings().count))
        for result in results {
            let index = try #require(result["ruleIndex"] as? Int)
            #expect(rules[index]["id"] as? String == result["ruleId"] as? String)
            #expect(["error", "warning", "note", "none"].contains(result["level"] as? String))
            #expect((result["message"] as? [String: Any])?["text"] is String)
            let location = try #require((result["locations"] as? [[String: Any]])?.first)
            let physical = try #require(location["physicalLocation"] as? [String: Any])
            #expect(
                (physical["artifactLocation"] as? [String: Any])?["uri"] as? String == "rules/doubtful.yaml"
            )
            let region = try #require(physical["region"] as? [String: Any])
            let (start, end) = (region["startColumn"] as? Int ?? 0, region["endColumn"] as? Int ?? 0)
            #expect(region["startLine"] as? Int ?? 0 >= 1 && start >= 1 && end > start)
        }
    }
}
