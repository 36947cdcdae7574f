/// A report on cases as one JSON object. Keys are added, never renamed or removed.
package struct CaseJSON: Encodable {
    let passed: Int
    let failed: Int
    let cases: [Case]
    let coverage: CoverageJSON

    struct Case: Encodable {
        let file: String
        let line: Int
        let name: String
        let url: String
        let passed: Bool
        let differences: [Change]
    }

    struct Change: Encodable {
        let key: String
        let expected: OutcomeValue
        let actual: OutcomeValue
    }

    package init(_ report: CaseReport) {
        passed = report.passed
        failed = report.failed
        coverage = CoverageJSON(report.coverage)
        cases = report.files.flatMap { file in
            file.results.map { result in
                Case(
                    file: file.file.file,
                    line: result.routeCase.line,
                    name: result.routeCase.name,
                    url: result.routeCase.url,
                    passed: result.passed,
                    differences: result.differences.map {
                        Change(key: $0.key, expected: $0.expected ?? .nothing, actual: $0.actual ?? .nothing)
                    }
                )
            }
        }
    }
}
