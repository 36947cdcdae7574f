import NIOCore

/// Where a request counts while it runs.
struct RequestPlaces {
    /// As one of its target's.
    var target: TargetCounter?
    /// As one of its endpoint's, from the pick on. Members of pools alone count.
    private(set) var endpoint: SharedEndpoint?
    /// It may be the one that shows whether an endpoint is well again, and was not sent yet.
    private var unsent: SharedEndpoint?
    /// As one of its target's that are sent again.
    private(set) var retry: TargetCounter?

    /// Takes a place at an endpoint, in place of the one that it had.
    ///
    /// - Parameter limit: the most requests that the endpoint may have.
    /// - Returns: false where it has as many already.
    mutating func enter(_ endpoint: SharedEndpoint, limit: Int, now: NIODeadline) -> Bool {
        self.endpoint?.leave()
        self.endpoint = nil
        giveUp(now: now)
        guard endpoint.enter(limit: limit) else {
            endpoint.requestAbandoned(began: now, now: now)
            return false
        }
        self.endpoint = endpoint
        unsent = endpoint
        return true
    }

    /// The request is on its way: what becomes of it is reported.
    mutating func sent() { unsent = nil }

    private mutating func giveUp(now: NIODeadline) {
        unsent?.requestAbandoned(began: now, now: now)
        unsent = nil
    }

    /// The request is sent again, unless too many of its target's are already.
    mutating func enterRetry(_ counter: TargetCounter, percent: Int, now: NIODeadline) -> Bool {
        guard retry == nil else { return true }
        guard counter.enterRetry(percent: percent, now: now) else { return false }
        retry = counter
        return true
    }

    mutating func leave(now: NIODeadline) {
        giveUp(now: now)
        target?.leave()
        endpoint?.leave()
        retry?.leaveRetry()
        self = RequestPlaces()
    }
}
