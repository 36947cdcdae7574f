import Metrics

/// What was counted of a rule since the start.
package struct RuleSummary: Sendable, Equatable {
    package let requests: UInt64
    /// Requests that were refused, or failed.
    package let failures: UInt64
    /// Of the durations; nil: there was no request.
    package let p50Milliseconds: Double?
    package let p99Milliseconds: Double?

    init(_ counts: RequestCounts) {
        requests = counts.count
        failures = counts.failures
        p50Milliseconds = counts.durations.milliseconds(0.5)
        p99Milliseconds = counts.durations.milliseconds(0.99)
    }
}

extension DurationHistogram {
    /// A quantile in milliseconds, with two digits after the point.
    func milliseconds(_ share: Double) -> Double? {
        quantile(share).map { ($0 * 100_000).rounded() / 100 }
    }
}
