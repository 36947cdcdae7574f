import NIOCore
import Routing

/// The target pools of one event loop.
///
/// Every pool that anything refers to is in here, so that a change of names reaches it. A change marks the
/// pools concerned, which costs little for many; each is updated when it is next used.
struct TargetPools {
    /// The epoch of a pool that has to be updated before its next use.
    static let outdated: UInt64 = 0
    /// Where the turns of endpoints begin.
    struct Seeds {
        /// Of targets that the rule files say nothing of: each begins elsewhere.
        var usual: UInt64
        /// Of the others. Zero on the first loop: the sequences of nginx.
        var pools: UInt64
    }

    /// How long a target that nothing refers to is kept after its last use.
    static let keptUnused = TimeAmount.seconds(60)

    private let upstreams: Upstreams?
    private let shared: SharedTargets
    private var random: Random
    private let poolSeed: UInt64
    private var pools: [TargetKey: TargetPool] = [:]
    private var keys: [String: [TargetKey]] = [:]
    /// Counts the changes after which every name may be another.
    private var epoch = Self.outdated + 1
    private var lastSweep: NIODeadline?
    /// Of the last tick.
    private(set) var now = NIODeadline.uptimeNanoseconds(0)

    /// - Parameters:
    ///   - upstreams: of the event loop; nil: pools are not kept.
    ///   - poolSeed: see `Seeds.pools`.
    init(upstreams: Upstreams?, shared: SharedTargets, seed: UInt64, poolSeed: UInt64) {
        self.upstreams = upstreams
        self.shared = shared
        self.poolSeed = poolSeed
        self.random = Random(seed: seed)
    }

    var count: Int { pools.count }

    subscript(key: TargetKey) -> TargetPool? { pools[key] }

    func isCurrent(_ pool: TargetPool) -> Bool { pool.epoch == epoch }

    /// A pool without endpoints that is not kept yet.
    mutating func make(_ key: TargetKey) -> TargetPool {
        TargetPool(
            key,
            shared: shared,
            seeds: Seeds(
                usual: upstreams == nil ? 0 : random.next(),
                pools: upstreams == nil ? 0 : poolSeed
            )
        )
    }

    /// - Parameter settings: what the rule files say of the target; nil: nothing.
    func update(_ pool: TargetPool, _ resolution: Resolution, _ settings: Pool?) {
        pool.update(resolution, settings, upstreams, now: now)
        // What nothing knows is looked up each time.
        pool.epoch = pool.failure == nil ? epoch : Self.outdated
    }

    /// Keeps a pool that has endpoints. (A target that nothing knows is not kept: hostile names would fill the
    /// table.)
    ///
    /// - Returns: whether pools are kept here.
    mutating func insert(_ pool: TargetPool) -> Bool {
        guard upstreams != nil else { return false }
        guard pools[pool.key] == nil else { return true }
        // Only wildcards of DNS make so many.
        if pools.count >= DataPathConstants.targets { sweep(unusedOnly: false) }
        pools[pool.key] = pool
        keys[pool.key.target.name, default: []].append(pool.key)
        return true
    }

    /// - Parameter names: what has changed; nil: any may have.
    mutating func invalidate(_ names: Set<String>?) {
        guard let names else {
            epoch += 1
            return
        }
        if names.count <= keys.count {
            for name in names { invalidate(name) }
        } else {
            for name in keys.keys where names.contains(name) { invalidate(name) }
        }
    }

    private func invalidate(_ name: String) {
        for key in keys[name] ?? [] { pools[key]?.epoch = Self.outdated }
    }

    /// Those of a target that is in use.
    func targetPools(of name: String) -> [TargetPool] { (keys[name] ?? []).compactMap { pools[$0] } }

    /// The networks that rules allow for the endpoints of a target that is in use.
    func endpointNetworks(of name: String) -> [[CIDR]] { (keys[name] ?? []).map(\.endpointNetworks) }

    /// An operator has changed the state of an endpoint.
    func stateChanged(of endpoint: SharedEndpoint) {
        for pool in pools.values { pool.stateChanged(of: endpoint) }
    }

    /// In no order.
    var all: [TargetPool] { Array(pools.values) }

    /// The targets that are in use, in no order, for commands.
    ///
    /// - Parameter name: of a target or a pool; nil: all.
    func snapshots(of name: String?) -> [TargetSnapshot] { all(of: name).map { $0.snapshot(now: now) } }

    /// - Parameter name: of a target or a pool; nil: all.
    func all(of name: String?) -> [TargetPool] {
        guard let name else { return all }
        let target = name.lowercased()
        return pools.values.filter { $0.key.target.name == target || $0.settings?.name == name }
    }

    mutating func tick(now: NIODeadline) {
        self.now = now
        guard let lastSweep else {
            // Until now the time was not known.
            for pool in pools.values { pool.markUse(now: now) }
            return self.lastSweep = now
        }
        guard now - lastSweep >= Self.keptUnused else { return }
        self.lastSweep = now
        sweep(unusedOnly: true)
    }

    /// Forgets pools that nothing refers to: no cached decision and no request.
    ///
    /// - Parameter unusedOnly: keep those that were used since the last sweep.
    private mutating func sweep(unusedOnly: Bool) {
        var forgotten: [TargetKey] = []
        var index = pools.startIndex
        while index != pools.endIndex {
            if !unusedOnly || !pools.values[index].isInUse, isKnownUniquelyReferenced(&pools.values[index]) {
                forgotten.append(pools.keys[index])
            }
            pools.values[index].isInUse = false
            pools.formIndex(after: &index)
        }
        for key in forgotten {
            pools.removeValue(forKey: key)
            keys[key.target.name]?.removeAll { $0 == key }
            if keys[key.target.name]?.isEmpty == true { keys.removeValue(forKey: key.target.name) }
        }
    }
}
