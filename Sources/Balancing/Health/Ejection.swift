/// An endpoint gets no request for some time, and then exactly one before all others: the trial.
struct Ejection: Sendable {
    enum Phase: Sendable, Hashable {
        case none
        /// Since `since`; a trial may begin at `until`.
        case ejected(since: MonotonicTime, until: MonotonicTime)
        /// One request is under way since `since`. Where nothing is heard of it, another may begin at `until`.
        case trial(since: MonotonicTime, until: MonotonicTime)
    }

    private(set) var phase = Phase.none
    /// Without a time of health between them that is as long as the last one.
    private var inARow = 0
    private var length = Duration.zero
    private var returned: MonotonicTime?

    var isActive: Bool { phase != .none }

    /// A trial may begin.
    func isTrialDue(now: MonotonicTime) -> Bool {
        switch phase {
        case .none: false
        case .ejected(_, let until), .trial(_, let until): now >= until
        }
    }

    /// When the next trial may begin; nil where the endpoint is not ejected.
    var nextTrial: MonotonicTime? {
        switch phase {
        case .none: nil
        case .ejected(_, let until), .trial(_, let until): until
        }
    }

    var isTrial: Bool { if case .trial = phase { true } else { false } }

    /// - Parameter base: times the number of ejections in a row is how long this one lasts, up to
    ///   `PassiveHealth.maxEjection`.
    mutating func eject(for base: Duration, now: MonotonicTime) {
        if let returned, now.since(returned) >= length { inARow = 0 }
        returned = nil
        inARow = min(inARow + 1, Self.mostInARow)
        length = min(min(base, PassiveHealth.maxEjection) * inARow, PassiveHealth.maxEjection)
        phase = .ejected(since: now, until: now + length)
    }

    /// - Returns: whether the caller may send the one request.
    mutating func beginTrial(now: MonotonicTime) -> Bool {
        guard isTrialDue(now: now) else { return false }
        phase = .trial(since: now, until: now + max(length, PassiveHealth.trialTime))
        return true
    }

    /// The trial had no result: another may begin.
    mutating func abandonTrial(now: MonotonicTime) {
        if case .trial(let since, _) = phase { phase = .ejected(since: since, until: now) }
    }

    /// A request that began at `began` was served well.
    ///
    /// - Returns: whether the endpoint is back.
    mutating func succeeded(began: MonotonicTime, now: MonotonicTime) -> Bool {
        // One that was sent before the failures shows nothing.
        guard isLater(began) else { return false }
        phase = .none
        returned = now
        return true
    }

    /// Whether a request that began at `began` was sent after the ejection, or is the trial.
    func isLater(_ began: MonotonicTime) -> Bool {
        switch phase {
        case .none: false
        case .ejected(let since, _), .trial(let since, _): began >= since
        }
    }

    private static let mostInARow = 1_000_000
}
