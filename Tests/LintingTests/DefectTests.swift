import Foundation
import Linting
import RoutingConfig
import TestSupport
import Testing

@Suite struct DefectTests {
    private static let seed = TestSeed.make(for: "DefectTests")

    /// What is said of a file, errors of loading included.
    static func lint(_ text: String, certificates: [String] = []) -> (
        findings: [Diagnostic], file: InspectedConfiguration?
    ) {
        do throws(ConfigurationFailure) {
            let inspected = try ConfigurationLoader.inspect(text: text)
            let options = Linter.Options(certificateNames: certificates)
            return (Linter.findings(inspected, options: options), inspected)
        } catch {
            return (error.diagnostics, nil)
        }
    }

    @Test func `The linter finds nothing in 200 clean rule files`() {
        for number in 0..<200 {
            let text = CleanRules(seed: Self.seed &+ UInt64(number)).text()
            let findings = Self.lint(text).findings
            #expect(
                findings.isEmpty,
                "seed \(Self.seed): \(text)\n\(findings.map { $0.rendered(color: false) })"
            )
        }
    }

    @Test func `The linter finds 57 seeded defects, each with a witness that the engine confirms`() throws {
        var found = 0
        for round in 0..<3 {
            for (number, defect) in Defect.all.enumerated() {
                let seed = Self.seed &+ UInt64(round * 100 + number)
                let clean = CleanRules(seed: seed)
                var random = SeededRandom(seed: seed &+ 7)
                let text = clean.text(with: defect.rules(&random), first: true)
                let certificates = defect.code == .uncoveredHost ? ["*.test.priv", "*.priv"] : []
                let (findings, inspected) = Self.lint(text, certificates: certificates)
                let said = findings.map { $0.rendered(color: false) }.joined(separator: "\n")
                let line =
                    1
                    + text.prefix(upTo: text.range(of: "name: bad")?.lowerBound ?? text.startIndex).count {
                        $0 == "\n"
                    }
                let finding = findings.first {
                    $0.code == defect.code && ($0.line...($0.line + 3)).contains($0.line) && $0.line >= line
                        && $0.line <= line + 3
                }
                guard let finding else {
                    Issue.record("seed \(seed): no \(defect) in\n\(text)\nbut\n\(said)")
                    continue
                }
                let claim = Defect.Claim(finding: finding, table: inspected?.configuration.table)
                #expect(
                    defect.holds(claim),
                    "seed \(seed): what is said is not so:\n\(finding.rendered(color: false))\n\(text)"
                )
                // Nothing else is said of the rule, and nothing of the others.
                let others = findings.filter { $0 != finding && $0.code != .uncoveredHost }
                #expect(others.isEmpty, "seed \(seed), \(defect): \(said)\n\(text)")
                found += 1
            }
        }
        #expect(found == Defect.all.count * 3)
        #expect(found >= 50)
    }
}
