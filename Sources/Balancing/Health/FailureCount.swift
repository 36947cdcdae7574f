/// Failures of requests at one endpoint: in a row, and within a window of time. Counts, not shares: a pool has one to
/// three members, and often few requests.
struct FailureCount: Sendable {
    /// Failures further apart than this are several, whenever their requests were sent.
    static let coincidence = Duration.milliseconds(100)

    /// Since the last success.
    private(set) var inARow = 0
    /// In the window that began with `windowStart`.
    private(set) var inWindow = 0
    private var windowStart = MonotonicTime(nanoseconds: 0)
    /// The last failure, also after `reset`.
    private var last: MonotonicTime?

    /// - Parameters:
    ///   - began: when the request was sent. Requests that were under way when another one failed, and fail within 100 ms
    ///     of it, are one failure with it: an endpoint that is killed takes all of them along.
    ///   - window: how long a failure counts beside later ones.
    /// - Returns: whether it was counted.
    mutating func failed(began: MonotonicTime, now: MonotonicTime, window: Duration) -> Bool {
        if let last, began < last, now.since(last) < Self.coincidence { return false }
        last = now
        inARow = inARow == .max ? inARow : inARow + 1
        if inWindow == 0 || now.since(windowStart) > window {
            windowStart = now
            inWindow = 0
        }
        inWindow += 1
        return true
    }

    mutating func succeeded() { inARow = 0 }

    /// Counts from zero again. What fails with the last failure stays one with it.
    mutating func reset() {
        inARow = 0
        inWindow = 0
    }

    /// Whether there are as many as `limit`, in a row or in the window.
    func reaches(_ limit: Int) -> Bool { max(inARow, inWindow) >= limit }
}
