import Balancing
import Names
package import Routing

/// The endpoints behind one target, on one event loop.
package final class TargetPool {
    /// Why there is no endpoint; nil when there is one.
    package let failure: Failure?
    /// The names have changed: whoever remembers this pool looks for the new one.
    package fileprivate(set) var isRetired = false
    private let endpoints: [Upstream]
    private var turns: WeightedRoundRobin
    private let use: UsageMark?

    package init(_ resolution: Resolution, endpoints: [Upstream], seed: UInt) {
        self.failure = resolution.failure
        self.endpoints = endpoints
        self.turns = WeightedRoundRobin(resolution.choices.map(\.weight), seed: seed)
        self.use = resolution.use
    }

    /// The endpoint whose turn it is, or why there is none.
    package func next() throws(Failure) -> Upstream {
        if let failure { throw failure }
        guard let index = turns.next(), endpoints.indices.contains(index) else {
            throw Failure(.unknownTarget)
        }
        use?.mark()
        return endpoints[index]
    }
}

/// What a pool is kept under: the same target may be narrowed by one rule and not by another.
package struct TargetKey: Hashable {
    package let target: Target
    package let endpointNetworks: [CIDR]

    package init(target: Target, endpointNetworks: [CIDR]) {
        self.target = target
        self.endpointNetworks = endpointNetworks
    }
}

/// The pools of one event loop, kept until their names change.
package struct TargetPools {
    private var pools: [TargetKey: TargetPool] = [:]
    private var keys: [String: [TargetKey]] = [:]

    package init() {}

    package var count: Int { pools.count }

    package subscript(key: TargetKey) -> TargetPool? { pools[key] }

    package mutating func insert(_ pool: TargetPool, for key: TargetKey) {
        // Reached by wildcards of DNS alone; all are made again when they are asked for.
        if pools.count >= DataPathConstants.targets { retireAll() }
        pools.updateValue(pool, forKey: key)?.isRetired = true
        if keys[key.target.name]?.contains(key) != true { keys[key.target.name, default: []].append(key) }
    }

    /// - Parameter names: that have changed.
    package mutating func retire(_ names: Set<String>) {
        if names.count <= keys.count {
            for name in names { retire(name) }
        } else {
            for name in keys.keys where names.contains(name) { retire(name) }
        }
    }

    package mutating func retireAll() {
        for pool in pools.values { pool.isRetired = true }
        pools = [:]
        keys = [:]
    }

    private mutating func retire(_ name: String) {
        for key in keys.removeValue(forKey: name) ?? [] {
            pools.removeValue(forKey: key)?.isRetired = true
        }
    }
}
