import NIOCore

/// Whether connections to an endpoint can be made, as far as the attempts of one event loop show.
///
/// An endpoint that cannot be reached is avoided: requests go to the target's other endpoints while there are any. It
/// is probed now and then, without a request, and used again when a connection is made. Pure: time is an argument.
struct Reachability {
    /// An attempt that takes longer than this makes the endpoint one to avoid, before it has failed.
    static let slowConnect = TimeAmount.milliseconds(500)
    /// Until the first probe; it doubles with each failure.
    static let firstBackoff = TimeAmount.seconds(1)
    static let maxBackoff = TimeAmount.seconds(30)

    private(set) var isAvoided = false
    private var failures = 0
    private var nextProbe = NIODeadline.distantFuture
    /// Attempts that are under way, and since when there have been any.
    private var pending = 0
    private var pendingSince = NIODeadline.distantFuture

    mutating func connecting(now: NIODeadline) {
        if pending == 0 { pendingSince = now }
        pending += 1
    }

    mutating func connected(now: NIODeadline) {
        pending = max(0, pending - 1)
        // Those that began together with it may still be lost.
        pendingSince = pending == 0 ? .distantFuture : now
        isAvoided = false
        failures = 0
        nextProbe = .distantFuture
    }

    mutating func failed(now: NIODeadline) {
        pending = max(0, pending - 1)
        if pending == 0 { pendingSince = .distantFuture }
        isAvoided = true
        // Attempts that fail together are one failure.
        guard nextProbe == .distantFuture else { return }
        let backoff = min(Self.firstBackoff.nanoseconds << min(failures, 5), Self.maxBackoff.nanoseconds)
        failures += 1
        nextProbe = now + .nanoseconds(backoff)
    }

    /// Nothing is known of the attempt: it ended for a reason that is not the endpoint's.
    mutating func abandoned(now: NIODeadline) {
        pending = max(0, pending - 1)
        if pending == 0 { pendingSince = .distantFuture }
        if isAvoided, nextProbe == .distantFuture { nextProbe = now + Self.firstBackoff }
    }

    /// - Returns: whether to probe the endpoint now.
    mutating func tick(now: NIODeadline) -> Bool {
        if now >= pendingSince, now - pendingSince >= Self.slowConnect { isAvoided = true }
        guard isAvoided, pending == 0, now >= nextProbe else { return false }
        nextProbe = .distantFuture
        return true
    }
}
