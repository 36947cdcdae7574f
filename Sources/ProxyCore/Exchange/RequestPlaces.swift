/// Where a request counts while it runs.
struct RequestPlaces {
    /// As one of its target's.
    var target: TargetCounter?
    /// As one of its endpoint's, from the pick on. Members of pools alone count.
    private(set) var endpoint: SharedEndpoint?
    /// As one of its target's that are sent again.
    private(set) var retry: TargetCounter?

    /// Takes a place at an endpoint, in place of the one that it had.
    ///
    /// - Parameter limit: the most requests that the endpoint may have.
    /// - Returns: false where it has as many already.
    mutating func enter(_ endpoint: SharedEndpoint, limit: Int) -> Bool {
        self.endpoint?.leave()
        self.endpoint = nil
        guard endpoint.enter(limit: limit) else { return false }
        self.endpoint = endpoint
        return true
    }

    /// The request is sent again, unless too many of its target's are already.
    mutating func enterRetry(_ counter: TargetCounter, budget: Int) -> Bool {
        guard retry == nil else { return true }
        guard counter.enterRetry(budget: budget) else { return false }
        retry = counter
        return true
    }

    mutating func leave() {
        target?.leave()
        endpoint?.leave()
        retry?.leaveRetry()
        self = RequestPlaces()
    }
}
