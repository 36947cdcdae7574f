import DryRun
import Routing
package import RoutingConfig

/// Files of cases with the rules that they test, ready to run.
package struct CaseSuite {
    private struct Part {
        let file: CaseFile
        let run: DryRun
        /// The index of each tier in the coverage.
        let covered: [Int]
    }

    private let parts: [Part]
    private var coverage: Coverage
    /// The number of cases.
    package let count: Int

    /// - Parameter paths: files of cases, and folders that stand for the `*.cases.yaml` in them.
    /// - Throws: all errors in the files and in the rules that they name.
    package init(_ paths: [String]) throws(ConfigurationFailure) {
        let failures = RuleSets.Failures()
        let rules = RuleSets(failures)
        var parts: [Part] = []
        var coverage = Coverage()
        for path in try Self.files(paths) {
            do throws(ConfigurationFailure) {
                let file = try CaseReader.load(path)
                let tiers = file.tiers.compactMap { rules.dryRun($0) }
                guard tiers.count == file.tiers.count else { continue }
                parts.append(
                    Part(
                        file: file,
                        run: DryRun(tiers, frontAddress: file.frontAddress, explain: false),
                        covered: tiers.map { coverage.add($0) }
                    )
                )
            } catch {
                failures.add(error)
            }
        }
        guard failures.diagnostics.isEmpty else { throw ConfigurationFailure(failures.diagnostics) }
        self.parts = parts
        self.coverage = coverage
        self.count = parts.reduce(0) { $0 + $1.file.cases.count }
    }

    /// Runs all cases, in the order of files and lines.
    ///
    /// - Parameter progress: called after each case with the number of finished cases.
    package mutating func run(progress: (Int) -> Void = { _ in }) -> CaseReport {
        var done = 0
        var files: [CaseReport.File] = []
        for part in parts {
            var results: [CaseResult] = []
            results.reserveCapacity(part.file.cases.count)
            for routeCase in part.file.cases {
                let report = part.run.run(routeCase.request) { tier, step in
                    coverage.note(step, part.covered[tier])
                }
                results.append(CaseResult(routeCase, Outcome(report)))
                done += 1
                progress(done)
            }
            files.append(CaseReport.File(file: part.file, results: results))
        }
        return CaseReport(files: files, coverage: coverage)
    }

    /// Reads files of cases without the rules that they test.
    static func read(_ paths: [String]) throws(ConfigurationFailure) -> [CaseFile] {
        let failures = RuleSets.Failures()
        var read: [CaseFile] = []
        for path in try files(paths) {
            do throws(ConfigurationFailure) {
                read.append(try CaseReader.load(path))
            } catch {
                failures.add(error)
            }
        }
        guard failures.diagnostics.isEmpty else { throw ConfigurationFailure(failures.diagnostics) }
        return read
    }

    /// The files of cases for the given paths.
    private static func files(_ paths: [String]) throws(ConfigurationFailure) -> [String] {
        var files: [String] = []
        var diagnostics: [Diagnostic] = []
        for path in paths {
            do throws(RuleFiles.Fault) {
                for file in try RuleFiles.expandCases(path) where !files.contains(file) { files.append(file) }
            } catch {
                diagnostics.append(
                    Diagnostic(code: error.code, file: path, message: error.message, hint: error.hint)
                )
            }
        }
        guard diagnostics.isEmpty else { throw ConfigurationFailure(diagnostics) }
        return files
    }

    /// The errors in a file of cases and in the rules that it names; empty: there are none.
    package static func check(_ path: String) -> [Diagnostic] {
        do throws(ConfigurationFailure) {
            _ = try CaseSuite([path])
            return []
        } catch {
            return error.diagnostics
        }
    }
}
