import Foundation
import RoutingConfig
import Testing

@testable import RuleTesting

/// Reports as they are printed: `Golden/x/` has files of cases with their rules, `Golden/x.*` the reports.
///
/// After a wanted change: `BERTH_UPDATE_GOLDEN=1 swift test --filter RuleTestingTests`, and read the difference.
@Suite struct GoldenTests {
    private static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden").path + "/"
    private static let root =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
        + "/"
    private static let update = ProcessInfo.processInfo.environment["BERTH_UPDATE_GOLDEN"] != nil

    private func check(_ report: String, against golden: String) throws {
        let report = report.replacingOccurrences(of: Self.folder, with: "").replacingOccurrences(
            of: Self.root,
            with: ""
        )
        if Self.update {
            return try report.write(toFile: Self.folder + golden, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOfFile: Self.folder + golden, encoding: .utf8)
        if report != expected { Issue.record("\(golden) expects\n\(expected)\nbut the report is\n\(report)") }
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    @Test(arguments: ["text", "color", "json", "junit", "tap"])
    func `Every form of a report is as written down`(form: String) throws {
        var suite = try CaseSuite([Self.folder + "failing"])
        let report = suite.run()
        let text =
            switch form {
            case "text": CaseText(color: false).render(report)
            case "color": CaseText(color: true).render(report)
            case "json": try json(CaseJSON(report))
            case "junit": CaseJUnit.render(report)
            default: CaseTAP.render(report)
            }
        try check(text, against: "failing.\(form)")
    }

    @Test(arguments: ["keys", "values", "shape", "rules", "syntax", "renamed"])
    func `What is wrong with a file of cases is shown in its line`(name: String) throws {
        let failure = #expect(throws: ConfigurationFailure.self) {
            _ = try CaseSuite([Self.folder + "broken/\(name).cases.yaml"])
        }
        try check(try #require(failure).description + "\n", against: "broken.\(name)")
    }

    @Test(
        arguments: [
            "rules", "examples/two-hosts/rules", "examples/containers/rules", "examples/topology/rules",
            "examples/ha/rules",
        ]
    )
    func `The cases of the repository pass, and reach every rule`(path: String) throws {
        var suite = try CaseSuite([Self.root + path])
        let report = suite.run()
        #expect(report.failed == 0 && report.coverage.percent == 100)
        try check(
            CaseText(color: false).render(report),
            against: path.replacingOccurrences(of: "/", with: "-") + ".text"
        )
    }

    @Test(arguments: ["text", "json"])
    func `A replay of the demo's rules is as written down`(form: String) throws {
        let tiers = try ["front", "local"].map { name in
            try ReplayTier(name, try ConfigurationLoader.load([Self.root + "rules/\(name).yaml"]))
        }
        let report = try Replay(tiers, frontAddress: nil).run(Self.folder + "access.log")
        try check(
            form == "json" ? try json(report) : ReplayText(color: false).render(report),
            against: "replay.\(form)"
        )
    }

    @Test(arguments: ["replay", "cases", "witnesses"])
    func `A difference from the demo's rules is as written down`(by source: String) throws {
        let diff = try RouteDiff(
            old: try ConfigurationLoader.load([Self.root + "rules/front.yaml"]),
            new: try ConfigurationLoader.load([Self.folder + "front-new.yaml"])
        )
        let report =
            switch source {
            case "replay": try diff.replay(Self.folder + "access.log")
            case "cases": try diff.cases([Self.root + "rules"])
            default: diff.witnesses()
            }
        try check(DiffText(color: false).render(report), against: "diff-\(source).text")
        try check(try json(report), against: "diff-\(source).json")
    }
}
