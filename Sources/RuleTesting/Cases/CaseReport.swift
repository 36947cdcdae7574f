/// What became of all cases.
package struct CaseReport {
    package struct File: Sendable {
        package let file: CaseFile
        /// Of its cases, in their order.
        package let results: [CaseResult]
    }

    package let files: [File]
    package let coverage: Coverage

    package var passed: Int { results.count { $0.passed } }
    package var failed: Int { results.count { !$0.passed } }
    package var results: [CaseResult] { files.flatMap(\.results) }
}

/// What became of one case.
package struct CaseResult: Sendable {
    package let routeCase: RouteCase
    /// Empty: it passed.
    package let differences: [Difference]
    /// Kept where there is something to put right.
    let outcome: Outcome?

    package var passed: Bool { differences.isEmpty }

    init(_ routeCase: RouteCase, _ outcome: Outcome) {
        self.routeCase = routeCase
        self.differences = routeCase.expectation.differences(from: outcome)
        let isUnwritten = routeCase.expectation.node == nil
        self.outcome = isUnwritten || !differences.isEmpty ? outcome : nil
    }
}
