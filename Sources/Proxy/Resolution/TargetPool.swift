import Balancing
import Names
import Routing

/// The endpoints behind one target, on one event loop.
final class TargetPool {
    /// Why there is no endpoint; nil when there is one.
    let failure: Failure?
    /// The names have changed: whoever remembers this pool looks for the new one.
    fileprivate(set) var isRetired = false
    private let endpoints: [EndpointPool]
    private var turns: WeightedRoundRobin
    private let use: UsageMark?

    init(_ resolution: Resolution, endpoints: [EndpointPool], seed: UInt) {
        self.failure = resolution.failure
        self.endpoints = endpoints
        self.turns = WeightedRoundRobin(resolution.choices.map(\.weight), seed: seed)
        self.use = resolution.use
    }

    /// The endpoint whose turn it is, or why there is none.
    func next() throws(Failure) -> EndpointPool {
        if let failure { throw failure }
        guard let index = turns.next(), endpoints.indices.contains(index) else {
            throw Failure(.unknownTarget)
        }
        use?.mark()
        return endpoints[index]
    }
}

/// What a pool is kept under: the same target may be narrowed by one rule and not by another.
struct TargetKey: Hashable {
    let target: Target
    let endpointNetworks: [CIDR]
}

/// The pools of one event loop, kept until their names change.
struct TargetPools {
    private var pools: [TargetKey: TargetPool] = [:]
    private var keys: [String: [TargetKey]] = [:]

    var count: Int { pools.count }

    subscript(key: TargetKey) -> TargetPool? { pools[key] }

    mutating func insert(_ pool: TargetPool, for key: TargetKey) {
        // Reached by wildcards of DNS alone; all are made again when they are asked for.
        if pools.count >= DataPathConstants.targets { retireAll() }
        pools.updateValue(pool, forKey: key)?.isRetired = true
        if keys[key.target.name]?.contains(key) != true { keys[key.target.name, default: []].append(key) }
    }

    /// - Parameter names: that have changed.
    mutating func retire(_ names: Set<String>) {
        if names.count <= keys.count {
            for name in names { retire(name) }
        } else {
            for name in keys.keys where names.contains(name) { retire(name) }
        }
    }

    mutating func retireAll() {
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
