import ArgumentParser
import RuleTesting
import RoutingConfig

extension TestCommand {
    /// `berth test rules/`: files of cases.
    func runCases() throws {
        if let failUnder, !(0...100).contains(failUnder) {
            throw CommandFailure("--fail-under: \(failUnder) is not a percentage from 0 to 100")
        }
        guard !explain, header.isEmpty else {
            throw CommandFailure(
                "berth test: --explain and --header need URLs and --front or --local"
            )
        }
        var suite: CaseSuite
        do throws(ConfigurationFailure) {
            suite = try CaseSuite(urls)
        } catch {
            throw CommandFailure(error.rendered(color: Terminal.errorHasColor))
        }
        let progress = Progress("cases")
        let count = suite.count
        let report = suite.run { progress.show(Double($0) / Double(max(1, count))) }
        progress.end()
        if update { return try write(report) }
        let format = format ?? (json ? .json : .text)
        switch format {
        case .text: Terminal.text(CaseText(color: Terminal.outputHasColor).render(report))
        case .json: Terminal.output(try JSONText.pretty(CaseJSON(report)))
        case .junit: Terminal.text(CaseJUnit.render(report))
        case .tap: Terminal.text(CaseTAP.render(report))
        }
        if let failUnder, report.coverage.percent < failUnder {
            Terminal.error("berth test: \(report.coverage.summary), which is below \(failUnder)")
            throw ExitCode(1)
        }
        if report.failed > 0 { throw ExitCode(1) }
    }

    private func write(_ report: CaseReport) throws {
        var failed = false
        for (file, result) in CaseWriter.update(report) {
            switch result {
            case .unchanged: Terminal.output("\(file): unchanged")
            case .written(let cases):
                Terminal.output(
                    "\(file): \(cases) \(cases == 1 ? "expectation" : "expectations") written: review them"
                )
            case .failed(let reason):
                failed = true
                Terminal.error("\(file): not written: \(reason)")
            }
        }
        if failed { throw ExitCode(1) }
    }
}
