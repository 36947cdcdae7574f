import NIOCore

/// Where a request counts while it runs.
struct RequestPlaces {
    /// As one of its target's.
    private(set) var target: TargetCounter?
    /// As one of its endpoint's, from the pick on. Members of pools alone count.
    private(set) var endpoint: SharedEndpoint?
    /// It may be the one that shows whether an endpoint is well again, and was not sent yet.
    private var unsent: SharedEndpoint?
    /// As one of its target's that are sent again.
    private(set) var retry: TargetCounter?

    /// Takes a place at the target, where anything bounds how many there are.
    ///
    /// - Parameters:
    ///   - limit: of each target; nil: none.
    ///   - isWaiting: the request is the one whose turn it is. Others do not come before those that wait.
    /// - Returns: false where there is none.
    mutating func enter(_ pool: TargetPool, limit: Int?, isWaiting: Bool) -> Bool {
        let limit = min(limit ?? .max, pool.maxRequests)
        guard limit < .max || pool.queue != nil else { return true }
        if pool.queue != nil, !isWaiting, pool.counter.waitingCount > 0 { return false }
        guard pool.counter.enter(limit: limit) else { return false }
        target = pool.counter
        return true
    }

    /// The target has a place, and none of its endpoints: the request waits on.
    mutating func leaveTarget() {
        target?.leave(tells: false)
        target = nil
    }

    /// Takes a place at an endpoint, in place of the one that it had.
    ///
    /// - Parameter limit: the most requests that the endpoint may have.
    /// - Returns: false where it has as many already.
    mutating func enter(_ endpoint: SharedEndpoint, limit: Int, now: NIODeadline) -> Bool {
        if let left = self.endpoint {
            left.leave()
            self.endpoint = nil
            target?.tellNext()
        }
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

    /// Takes what belongs to the endpoint out of it.
    mutating func takeEndpoint() -> RequestPlaces {
        var taken = RequestPlaces()
        (taken.endpoint, taken.unsent) = (endpoint, unsent)
        (endpoint, unsent) = (nil, nil)
        return taken
    }

    mutating func leave(now: NIODeadline) {
        giveUp(now: now)
        endpoint?.leave()
        retry?.leaveRetry()
        // Last of all: who waits finds all of them free.
        target?.leave()
        self = RequestPlaces()
    }
}

/// An attempt to connect. A connection that is being made counts to its end: the attempt keeps the places of a request
/// that ends before, and the place at the endpoint where the request goes to another one.
final class ConnectAttempt {
    private var places = RequestPlaces()

    /// The request has ended.
    func keep(_ places: inout RequestPlaces) {
        self.places = places
        places = RequestPlaces()
    }

    /// The request goes on without it.
    func keepEndpoint(of places: inout RequestPlaces) {
        self.places = places.takeEndpoint()
    }

    /// It has ended, and nobody waits for it.
    func end(now: NIODeadline) { places.leave(now: now) }
}
