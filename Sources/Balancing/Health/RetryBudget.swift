/// How many requests of a target may be sent again: a share of those that began lately, so that retries cannot multiply
/// what an outage brings.
///
/// Requests are counted elsewhere, by one number that only grows; this is needed for retries alone. Time is an argument.
/// Not thread-safe: a value of whoever holds it.
public struct RetryBudget: Sendable {
    /// Requests and retries of this time count, and at most of as much before.
    public static let window = Duration.seconds(5)
    /// Retries at a time that are always allowed.
    public static let minRetries = 3

    private struct Half {
        var requests = 0
        var retries = 0
    }

    private var start: MonotonicTime
    /// The requests that had begun at `start`.
    private var begunAtStart = 0
    private var retries = 0
    private var earlier = Half()

    public init(now: MonotonicTime) {
        start = now
    }

    /// One more request is to be sent again.
    ///
    /// - Parameters:
    ///   - begun: requests that began since the target is known.
    ///   - running: those that are being sent again at the moment.
    ///   - percent: retries among 100 requests.
    /// - Returns: whether it may be.
    public mutating func enter(begun: Int, running: Int, percent: Int, now: MonotonicTime) -> Bool {
        roll(begun: begun, now: now)
        let requests = earlier.requests &+ (begun &- begunAtStart)
        let allowed = requests.multipliedReportingOverflow(by: percent).partialValue / 100
        guard running < Self.minRetries || earlier.retries &+ retries < allowed else { return false }
        retries &+= 1
        return true
    }

    private mutating func roll(begun: Int, now: MonotonicTime) {
        let elapsed = now.since(start)
        guard elapsed >= Self.window else { return }
        // A long pause counts as one half: its requests began at an unknown time.
        earlier = Half(requests: begun &- begunAtStart, retries: retries)
        if elapsed >= Self.window * 2 {
            let share = Self.window / elapsed
            earlier.requests = Int(Double(earlier.requests) * share)
            earlier.retries = Int(Double(earlier.retries) * share)
        }
        start = now
        begunAtStart = begun
        retries = 0
    }
}
