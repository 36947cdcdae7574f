/// Whether a query source responds, judged by the results of its queries.
struct SourceHealth {
    /// Timeouts in a row, of names of which nothing is known, after which a source counts as down. One name alone may
    /// belong to a domain whose servers are dead.
    static let timeouts = 3

    /// Why the source counts as down; nil: it does not.
    private(set) var outage: String?
    /// The known names whose last query failed.
    var failing = 0
    private var timeouts = 0
    /// It reports that names do not exist which had an answer.
    private var isDoubted = false

    /// - Parameter isKnown: the name had an answer.
    mutating func failed(_ problem: NameProblem, isKnown: Bool, isDoubted: Bool = false) {
        if isDoubted { self.isDoubted = true }
        if problem.kind == .timeout { timeouts += 1 }
        guard isKnown || problem.kind == .unavailable || timeouts >= Self.timeouts else { return }
        outage = outage ?? problem.reason
    }

    /// - Parameter none: the result is that a name does not exist, which says little of a source that is doubted.
    mutating func responded(none: Bool = false) {
        timeouts = 0
        guard failing == 0, !(none && isDoubted) else { return }
        isDoubted = false
        outage = nil
    }
}
