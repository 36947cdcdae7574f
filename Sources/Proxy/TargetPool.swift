import Balancing
import Routing

/// The endpoints behind one target, on one event loop.
final class TargetPool {
    /// Why there is no endpoint; nil when there is one.
    let failure: Failure?
    private let endpoints: [EndpointPool]
    private var turns: RoundRobin

    init(_ resolution: Resolution, endpoints: [EndpointPool], seed: UInt) {
        self.failure = resolution.failure
        self.endpoints = endpoints
        self.turns = RoundRobin(seed: seed)
    }

    /// The endpoint whose turn it is, or why there is none.
    func next() throws(Failure) -> EndpointPool {
        if let failure { throw failure }
        guard let index = turns.next(of: endpoints.count) else {
            throw Failure(.unknownTarget)
        }
        return endpoints[index]
    }
}

/// What a pool is kept under: the same target may be narrowed by one rule and not by another.
struct TargetKey: Hashable {
    let target: Target
    let rule: Int
}
