import Operations
import Routing
package import RoutingConfig

/// Files of cases with the rules that they test, ready to be run.
package struct CaseSuite {
    private struct Part {
        let file: CaseFile
        let run: DryRun
        /// Of each tier, its place in the coverage.
        let covered: [Int]
    }

    private let parts: [Part]
    private var coverage: Coverage
    /// How many cases there are.
    package let count: Int

    /// - Parameter paths: files of cases, and folders that stand for the `*.cases.yaml` in them.
    /// - Throws: everything that is wrong with any of them, or with the rules that they name.
    package init(_ paths: [String]) throws(ConfigurationFailure) {
        let findings = RuleSets.Collected()
        let rules = RuleSets(findings)
        var parts: [Part] = []
        var coverage = Coverage()
        for path in try Self.files(paths) {
            do throws(ConfigurationFailure) {
                let file = try CaseReader.load(path)
                let stages = file.tiers.compactMap { rules.stage($0) }
                guard stages.count == file.tiers.count else { continue }
                parts.append(
                    Part(
                        file: file,
                        run: DryRun(stages, frontAddress: file.frontAddress, explain: false),
                        covered: stages.map { coverage.add($0) }
                    )
                )
            } catch {
                findings.add(error)
            }
        }
        guard findings.diagnostics.isEmpty else { throw ConfigurationFailure(findings.diagnostics) }
        self.parts = parts
        self.coverage = coverage
        self.count = parts.reduce(0) { $0 + $1.file.cases.count }
    }

    /// Runs all cases, in the order of files and lines.
    ///
    /// - Parameter progress: told after each case how many are done.
    package mutating func run(progress: (Int) -> Void = { _ in }) -> CaseReport {
        var done = 0
        var files: [CaseReport.File] = []
        for part in parts {
            var results: [CaseResult] = []
            results.reserveCapacity(part.file.cases.count)
            for routeCase in part.file.cases {
                let report = part.run.run(routeCase.request) { place, step in
                    coverage.note(step, part.covered[place])
                }
                results.append(CaseResult(routeCase, Outcome(report)))
                done += 1
                progress(done)
            }
            files.append(CaseReport.File(file: part.file, results: results))
        }
        return CaseReport(files: files, coverage: coverage)
    }

    /// Files of cases without the rules that they test.
    static func read(_ paths: [String]) throws(ConfigurationFailure) -> [CaseFile] {
        let findings = RuleSets.Collected()
        var read: [CaseFile] = []
        for path in try files(paths) {
            do throws(ConfigurationFailure) {
                read.append(try CaseReader.load(path))
            } catch {
                findings.add(error)
            }
        }
        guard findings.diagnostics.isEmpty else { throw ConfigurationFailure(findings.diagnostics) }
        return read
    }

    /// The files of cases that `paths` stand for.
    private static func files(_ paths: [String]) throws(ConfigurationFailure) -> [String] {
        var files: [String] = []
        var faults: [Diagnostic] = []
        for path in paths {
            do throws(RuleFiles.Fault) {
                for file in try RuleFiles.expandCases(path) where !files.contains(file) { files.append(file) }
            } catch {
                faults.append(
                    Diagnostic(code: error.code, file: path, message: error.message, hint: error.hint)
                )
            }
        }
        guard faults.isEmpty else { throw ConfigurationFailure(faults) }
        return files
    }

    /// What is wrong with files of cases, and with the rules that they name; empty: nothing.
    package static func check(_ path: String) -> [Diagnostic] {
        do throws(ConfigurationFailure) {
            _ = try CaseSuite([path])
            return []
        } catch {
            return error.diagnostics
        }
    }
}
