/// The results of all cases.
package struct CaseReport {
    package struct File: Sendable {
        package let file: CaseFile
        /// In the order of its cases.
        package let results: [CaseResult]
    }

    package let files: [File]
    package let coverage: Coverage

    package var passed: Int { results.count { $0.passed } }
    package var failed: Int { results.count { !$0.passed } }
    package var results: [CaseResult] { files.flatMap(\.results) }
}

/// The result of one case.
package struct CaseResult: Sendable {
    package let routeCase: RouteCase
    /// Empty: it passed.
    package let differences: [Difference]
    /// Kept only where `--update` has something to change.
    let outcome: Outcome?

    package var passed: Bool { differences.isEmpty }

    init(_ routeCase: RouteCase, _ outcome: Outcome) {
        self.routeCase = routeCase
        self.differences = routeCase.expectation.differences(from: outcome)
        let lacksExpectation = routeCase.expectation.node == nil
        self.outcome = lacksExpectation || !differences.isEmpty ? outcome : nil
    }
}
