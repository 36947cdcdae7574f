import Balancing
import Names
package import Routing

/// What a pool belongs to: the same target may be narrowed by one rule and not by another.
package struct TargetKey: Hashable, Sendable {
    package let target: Target
    package let endpointNetworks: [CIDR]

    package init(_ forward: Forward) {
        self.target = forward.target
        self.endpointNetworks = forward.endpointNetworks
    }
}

/// The endpoints of one target on one event loop, and whose turn it is.
///
/// Lives as long as something refers to it or uses it, and is updated in place: rules that are loaded again
/// and names that change keep the upstreams and turns of what stays the same.
package final class TargetPool {
    package let key: TargetKey
    /// What the names became, when the pool was last updated.
    package private(set) var resolution = Resolution.none
    /// Why there is no endpoint; nil when there is one.
    package private(set) var failure: Failure? = Failure(.unknownTarget)
    /// In the order of `resolution.choices`.
    private var upstreams: [Upstream] = []
    private var turns: WeightedRoundRobin
    /// The state of the names that it stands for; see `TargetPools`.
    var epoch = TargetPools.outdated
    /// The target's requests on all loops. Only targets that are used have one.
    private(set) lazy var counter = counters.counter(for: key)
    private let counters: TargetCounters
    /// When a request is sent again; nil: `RetryPolicy.standard`.
    package private(set) var retries: RetryPolicy?
    /// An endpoint was picked since `TargetPools` last looked.
    var isInUse = true

    init(_ key: TargetKey, counters: TargetCounters, seed: UInt) {
        self.key = key
        self.counters = counters
        self.turns = WeightedRoundRobin(seed: seed)
    }

    /// Takes over what the target's name became.
    ///
    /// - Parameter upstreams: of the event loop; nil: each update makes its own.
    func update(_ resolution: Resolution, _ upstreams: Upstreams?) {
        let updated = resolution.choices.map { choice in
            upstreams?.upstream(choice.endpoint, identity: choice.identity)
                ?? Upstream(choice.endpoint, identity: choice.identity)
        }
        var positions: [ObjectIdentifier: Int] = [:]
        for (position, upstream) in self.upstreams.enumerated() {
            positions[ObjectIdentifier(upstream)] = position
        }
        turns.update(
            zip(resolution.choices, updated).map { choice, upstream in
                (choice.weight, positions[ObjectIdentifier(upstream)])
            }
        )
        self.upstreams = updated
        self.resolution = resolution
        self.failure = resolution.failure
    }

    /// Whether an endpoint is left that was not tried, and that seems reachable.
    func hasOther(than used: Upstream, _ attempted: AttemptedUpstreams) -> Bool {
        failure == nil && upstreams.contains { $0 !== used && !attempted.contains($0) && !$0.isAvoided }
    }

    package func contains(_ upstream: Upstream) -> Bool {
        upstreams.contains { $0 === upstream }
    }

    /// The endpoint whose turn it is, or why there is none.
    func pick(excluding attempted: AttemptedUpstreams) throws(Failure) -> Upstream {
        if let failure { throw failure }
        var index =
            attempted.isEmpty
            ? turns.pick() : turns.pick { attempted.contains(upstreams[$0]) }
        // Where all that are left are to be avoided, they are tried all the same.
        if let first = index, upstreams.indices.contains(first), upstreams[first].isAvoided {
            index = turns.pick { upstreams[$0].isAvoided || attempted.contains(upstreams[$0]) } ?? first
        }
        guard let index, upstreams.indices.contains(index) else {
            throw Failure(.connectFailed)
        }
        isInUse = true
        resolution.use?.mark()
        return upstreams[index]
    }
}
