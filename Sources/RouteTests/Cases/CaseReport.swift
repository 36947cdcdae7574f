/// What became of all cases.
public struct CaseReport {
    public struct File: Sendable {
        public let file: CaseFile
        /// Of its cases, in their order.
        public let results: [CaseResult]
    }

    public let files: [File]
    public let coverage: Coverage

    public var passed: Int { results.count { $0.passed } }
    public var failed: Int { results.count { !$0.passed } }
    public var results: [CaseResult] { files.flatMap(\.results) }
}

/// What became of one case.
public struct CaseResult: Sendable {
    public let routeCase: RouteCase
    /// Empty: it passed.
    public let differences: [Difference]
    /// Kept where there is something to put right.
    let outcome: Outcome?

    public var passed: Bool { differences.isEmpty }

    init(_ routeCase: RouteCase, _ outcome: Outcome) {
        self.routeCase = routeCase
        self.differences = routeCase.expectation.differences(from: outcome)
        let isUnwritten = routeCase.expectation.node == nil
        self.outcome = isUnwritten || !differences.isEmpty ? outcome : nil
    }
}
