/// Whether connections to an endpoint can be made, as far as the attempts of real requests show.
///
/// One attempt that fails, or hangs, makes the endpoint one to avoid. It is probed now and then by one connection without
/// a request, and used again when any connection is made.
struct Reachability: Sendable {
    /// The endpoint is to be avoided.
    private(set) var isAvoided = false
    /// When the next probe is due; nil: none is, as nothing is known to be wrong or one is under way.
    private(set) var nextProbe: MonotonicTime?
    /// When whoever was told to probe must have begun; then another is told.
    private var probeLost = MonotonicTime.distantFuture
    /// Probes that failed in a row.
    private var failures = 0
    /// Attempts that are under way, and since when there have been any.
    private var pending = 0
    private var pendingSince = MonotonicTime.distantFuture

    /// Time changes something: `tick` has to be called.
    var isUnsettled: Bool { isAvoided || pending > 0 }
    /// A probe, or a request's attempt, is all that is waited for.
    var isProbed: Bool { isAvoided && (pending > 0 || nextProbe == nil) }

    mutating func connecting(now: MonotonicTime) {
        if pending == 0 { pendingSince = now }
        pending += 1
    }

    mutating func connected(now: MonotonicTime) {
        pending = max(0, pending - 1)
        reached(now: now)
    }

    /// A connection was made, and not by an attempt that was reported.
    mutating func reached(now: MonotonicTime) {
        // Those that began together with it may still be lost.
        pendingSince = pending == 0 ? .distantFuture : now
        isAvoided = false
        failures = 0
        nextProbe = nil
        probeLost = .distantFuture
    }

    mutating func failed(now: MonotonicTime) {
        ended()
        isAvoided = true
        // Attempts that fail together are one failure.
        guard nextProbe == nil else { return }
        nextProbe = now + Self.backoff(after: failures)
        failures = min(failures + 1, Self.doublings)
    }

    /// Nothing is known of the attempt: it ended for a reason that is not the endpoint's.
    mutating func abandoned(now: MonotonicTime) {
        ended()
        if isAvoided, nextProbe == nil { nextProbe = now + PassiveHealth.firstBackoff }
    }

    /// - Returns: whether to probe the endpoint now. Whoever is told so begins one attempt (`connecting`).
    mutating func tick(now: MonotonicTime) -> Bool {
        if now >= pendingSince, now.since(pendingSince) >= PassiveHealth.slowConnect { isAvoided = true }
        guard isAvoided, pending == 0, now >= nextProbe ?? probeLost else { return false }
        nextProbe = nil
        probeLost = now + PassiveHealth.maxBackoff
        return true
    }

    private mutating func ended() {
        pending = max(0, pending - 1)
        if pending == 0 { pendingSince = .distantFuture }
    }

    private static let doublings = 5

    private static func backoff(after failures: Int) -> Duration {
        min(PassiveHealth.firstBackoff * (1 << min(failures, doublings)), PassiveHealth.maxBackoff)
    }
}
