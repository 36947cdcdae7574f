/// What real traffic shows of one endpoint: the connections that were made or not, and what became of requests.
///
/// - A connection that fails, or is pending for 500 ms, makes the endpoint one to avoid at once. One connection in each
///   back-off (1 s, doubling up to 30 s) probes it.
/// - Failures after that are counted: as many as `maxFailures` in a row, or within `failTimeout`, eject the endpoint for
///   `failTimeout` times the number of ejections in a row, at most 300 s. Then one request is let through, the trial,
///   before all others.
///
/// Time is an argument. Memory is constant. Not thread-safe: a value of whoever holds it.
public struct PassiveHealth: Sendable {
    /// An attempt that takes longer than this makes the endpoint one to avoid, before it has failed.
    public static let slowConnect = Duration.milliseconds(500)
    /// Until the first probe; it doubles with each failure.
    public static let firstBackoff = Duration.seconds(1)
    public static let maxBackoff = Duration.seconds(30)
    /// The longest ejection.
    public static let maxEjection = Duration.seconds(300)
    /// How long a trial of which nothing is heard keeps others back, at least.
    public static let trialTime = Duration.seconds(10)

    public enum State: Sendable, Hashable {
        case well
        /// Until then nothing is tried.
        case avoided(until: MonotonicTime)
        /// The next request may be the trial (`beginTrial`).
        case trialDue
        /// A probe or the trial is under way.
        case probing
    }

    /// Failures that eject the endpoint; 0: none does, only connections count.
    private var maxFailures: Int
    private var failTimeout: Duration
    private var reachability = Reachability()
    private var count = FailureCount()
    private var ejection = Ejection()

    /// - Parameters:
    ///   - maxFailures: 0 (the default): only connections count.
    ///   - failTimeout: see `EndpointSettings.failTimeout`.
    public init(maxFailures: Int = 0, failTimeout: Duration = .seconds(10)) {
        self.maxFailures = max(0, maxFailures)
        self.failTimeout = max(.zero, failTimeout)
    }

    /// Other limits from now on. An ejection that has begun goes on, unless failures do not count any longer.
    public mutating func configure(maxFailures: Int, failTimeout: Duration) {
        self.maxFailures = max(0, maxFailures)
        self.failTimeout = max(.zero, failTimeout)
        guard maxFailures <= 0 else { return }
        count.reset()
        ejection = Ejection()
    }

    public func state(now: MonotonicTime) -> State {
        if reachability.isAvoided {
            guard !reachability.isProbed, let next = reachability.nextProbe, now < next else {
                return .probing
            }
            return .avoided(until: next)
        }
        guard let next = ejection.nextTrial else { return .well }
        if now >= next { return .trialDue }
        return ejection.isTrial ? .probing : .avoided(until: next)
    }

    /// Time changes something: `tick` has to be called.
    public var isUnsettled: Bool { reachability.isUnsettled || ejection.isActive }
    /// Successes have to be reported (`requestSucceeded`); otherwise they change nothing.
    public var awaitsSuccess: Bool { count.inARow > 0 || ejection.isActive }
    /// Connections cannot be made.
    public var isUnreachable: Bool { reachability.isAvoided }
    /// Requests failed too often.
    public var isEjected: Bool { ejection.isActive }

    // MARK: Connections

    public mutating func connecting(now: MonotonicTime) { reachability.connecting(now: now) }

    public mutating func connected(now: MonotonicTime) { reachability.connected(now: now) }

    /// Something else than a request has made a connection.
    public mutating func reached(now: MonotonicTime) { reachability.reached(now: now) }

    public mutating func connectFailed(now: MonotonicTime) {
        reachability.failed(now: now)
        // The trial never reached the endpoint: it is due again when a connection can be made.
        ejection.abandonTrial(now: now)
    }

    /// Nothing is known of the attempt: it ended for a reason that is not the endpoint's.
    public mutating func connectAbandoned(now: MonotonicTime) {
        reachability.abandoned(now: now)
        ejection.abandonTrial(now: now)
    }

    // MARK: Requests

    /// - Returns: whether the caller may send the one request that is let through after an ejection. It reports its
    ///   result, or `requestAbandoned`.
    public mutating func beginTrial(now: MonotonicTime) -> Bool {
        !reachability.isAvoided && ejection.beginTrial(now: now)
    }

    /// - Parameter began: when the request was sent.
    public mutating func requestSucceeded(began: MonotonicTime, now: MonotonicTime) {
        if ejection.succeeded(began: began, now: now) { count.reset() }
        count.succeeded()
    }

    /// - Parameter began: when the request was sent. Requests that were under way when another one failed, and fail
    ///   within 100 ms of it, are one failure with it.
    public mutating func requestFailed(began: MonotonicTime, now: MonotonicTime) {
        guard maxFailures > 0 else { return }
        guard !ejection.isActive else {
            // The trial failed. Others were sent before the ejection, or in spite of it.
            if ejection.isTrial, ejection.isLater(began) { ejection.eject(for: failTimeout, now: now) }
            return
        }
        guard count.failed(began: began, now: now, window: failTimeout), count.reaches(maxFailures) else {
            return
        }
        count.reset()
        ejection.eject(for: failTimeout, now: now)
    }

    /// A request ended without a result: its client left, or it was never sent. If it was the trial, another is due.
    ///
    /// - Parameter began: when it was sent, or picked its endpoint.
    public mutating func requestAbandoned(began: MonotonicTime, now: MonotonicTime) {
        if ejection.isTrial, ejection.isLater(began) { ejection.abandonTrial(now: now) }
    }

    /// - Returns: whether to probe the endpoint now, with one connection (`connecting` follows).
    public mutating func tick(now: MonotonicTime) -> Bool { reachability.tick(now: now) }
}
