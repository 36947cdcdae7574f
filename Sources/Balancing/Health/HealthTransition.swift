/// A change of an endpoint's health, as operators see it.
public struct HealthTransition: Sendable, Hashable {
    public enum Condition: String, Sendable, Hashable, CaseIterable {
        case up
        /// Requests go to other endpoints, and it is tried again now and then.
        case avoided
        /// Checks, or an operator, say that it gets no request.
        case down
    }

    /// Why. The raw value is the word in the log.
    public enum Cause: String, Sendable, Hashable, CaseIterable {
        /// A connection could not be made.
        case connectFailed = "connect_failed"
        /// A connection was pending for too long.
        case connectSlow = "connect_slow"
        /// A connection was made again.
        case connected
        /// Requests failed: `max_fails`.
        case requestsFailed = "requests_failed"
        /// The request that was let through after an ejection was served.
        case requestServed = "request_served"
        /// Checks have not shown yet that it is up.
        case unchecked
        case checksFailed = "checks_failed"
        case checksSucceeded = "checks_succeeded"
        /// An operator, or the settings.
        case administrative
        /// The tier that has published the name states it.
        case published
    }

    public let time: MonotonicTime
    public let from: Condition
    public let to: Condition
    public let cause: Cause
    /// The exact failure in one word, such as `connection_refused`; empty where there is none.
    public let detail: String
    /// What shows it, such as a request id; empty where there is nothing. At most `evidenceBytes`.
    public let evidence: String

    /// The longest evidence and detail that are kept, bytes.
    public static let evidenceBytes = 128
}

/// The last transitions of an endpoint, the oldest first.
struct HealthHistory: Sendable {
    static let kept = 8
    private(set) var transitions: [HealthTransition] = []
    /// Transitions so far.
    private(set) var count: UInt64 = 0

    mutating func append(_ transition: HealthTransition) {
        if transitions.count >= Self.kept { transitions.removeFirst() }
        transitions.append(transition)
        count &+= 1
    }
}
