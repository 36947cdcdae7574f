import Balancing
import NIOCore
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
    func update(_ resolution: Resolution, _ upstreams: Upstreams?, now: NIODeadline) {
        // What comes to others is a newcomer.
        let arrived = self.upstreams.isEmpty ? nil : now
        let updated = resolution.choices.map { choice in
            upstreams?.upstream(choice.endpoint, identity: choice.identity, arrived: arrived)
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
        markUse(now: now)
    }

    /// Its endpoints are worth a check for some time.
    func markUse(now: NIODeadline) {
        for upstream in upstreams { upstream.shared.markUse(now: now) }
    }

    package func contains(_ upstream: Upstream) -> Bool {
        upstreams.contains { $0 === upstream }
    }

    /// The endpoint whose turn it is, or why there is none.
    ///
    /// - Parameter now: a tick old at most.
    func pick(excluding attempted: AttemptedUpstreams, now: NIODeadline) throws(Failure) -> Upstream {
        if let failure { throw failure }
        var index =
            attempted.isEmpty
            ? turns.pick() : turns.pick { attempted.contains(upstreams[$0]) }
        if let first = index, upstreams.indices.contains(first), !upstreams[first].admits(now: now) {
            index = other(than: first, excluding: attempted, now: now)
        }
        guard let index, upstreams.indices.contains(index) else {
            throw Failure(.connectFailed)
        }
        if !isInUse {
            isInUse = true
            markUse(now: now)
        }
        resolution.use?.mark()
        return upstreams[index]
    }

    /// One that is not to be avoided. Where all that are left are, they are tried all the same.
    private func other(than first: Int, excluding attempted: AttemptedUpstreams, now: NIODeadline) -> Int {
        // Another loop may be faster where a trial is due.
        for _ in 0..<2 {
            let index = turns.pick { upstreams[$0].isAvoided || attempted.contains(upstreams[$0]) }
            guard let index, upstreams.indices.contains(index) else { return first }
            if upstreams[index].admits(now: now) { return index }
        }
        return first
    }
}
