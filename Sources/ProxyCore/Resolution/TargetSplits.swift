package import Routing

/// A target that is split, as one event loop has it, for commands.
package struct SplitSnapshot: Sendable {
    /// The target's name; of a pattern that no request has led to lately, the pattern.
    package let name: String
    package let pool: Pool
    /// The names of the parts; as written, where they depend on the target.
    package let parts: [(name: String, weight: UInt16)]
    /// An operator has set the weights.
    package let isSet: Bool
}

/// The splits of one event loop, and the weights that an operator has set.
struct TargetSplits {
    private let shared: SharedTargets
    /// False: nothing is kept from one request to the next.
    private let isKeeping: Bool
    private let seed: UInt64
    private var random: Random
    private var splits: [String: TargetSplit] = [:]
    /// By the name of a target or a pool. What is set for a target comes before its pool.
    private var overrides: [String: SplitWeights] = [:]
    /// Ticks since the last sweep.
    private var ticks = 0
    /// The last sweep made no room: the next one is at the next tick.
    private var isFull = false

    /// A minute.
    private static let ticksKept = 240

    /// - Parameter seed: where turns begin; zero: with the largest weight.
    init(shared: SharedTargets, isKeeping: Bool, seed: UInt64, randomSeed: UInt64) {
        self.shared = shared
        self.isKeeping = isKeeping
        self.seed = seed
        self.random = Random(seed: randomSeed)
    }

    /// The turns of a target. Requests for it share them, whatever rule leads there.
    mutating func turns(of name: String, _ pool: Pool, _ parts: [String?]) -> TargetSplit {
        if let known = splits[name] {
            known.isInUse = true
            if known.pool !== pool { known.update(pool, names: parts, set: weights(for: name, pool)) }
            return known
        }
        let hasRoom = isKeeping && makeRoom()
        // What is not kept begins anywhere: over many requests the weights count all the same.
        let begin = isKeeping && !hasRoom ? random.next() : seed
        let split = TargetSplit(name, pool, names: parts, shared: shared, seed: begin)
        split.update(pool, names: parts, set: weights(for: name, pool))
        if hasRoom {
            split.isKept = true
            splits[name] = split
        }
        return split
    }

    private func weights(for name: String, _ pool: Pool) -> SplitWeights? {
        (overrides[name] ?? overrides[pool.name]).flatMap { $0.items == pool.split?.items ? $0 : nil }
    }

    // MARK: Commands

    /// - Parameter weights: of a target or of all targets of a pool; nil: the rule file's.
    mutating func set(_ weights: SplitWeights?, for name: String) {
        overrides[name] = weights
        for split in splits.values where split.name == name || split.pool.name == name {
            split.update(split.pool, names: split.names, set: self.weights(for: split.name, split.pool))
        }
    }

    /// New rules are in force: weights whose split has changed end, and so do splits that are gone.
    mutating func install(_ table: PoolTable, scratch: RouteScratch) {
        overrides = overrides.filter { name, weights in
            let pool =
                table.pools.first { $0.name == name && $0.split != nil }
                ?? table.pool(for: name, scratch: scratch)
            return pool?.split?.items == weights.items
        }
        for (name, known) in splits {
            guard let pool = table.pool(for: name, scratch: scratch), let split = pool.split else {
                splits[name] = nil
                continue
            }
            let names = pool.expand(split.parts, for: name, scratch: scratch)
            known.update(pool, names: names, set: weights(for: name, pool))
        }
    }

    /// In no order: those in use, and each pool with a split that is for one name, or for many.
    func snapshots(_ table: PoolTable) -> [SplitSnapshot] {
        var all = splits.values.map { split in
            SplitSnapshot(
                name: split.name,
                pool: split.pool,
                parts: zip(split.names, split.weights).map { ($0 ?? "-", $1) },
                isSet: split.isSet
            )
        }
        for pool in table.pools where splits[pool.name] == nil {
            guard let split = pool.split else { continue }
            let set = weights(for: pool.name, pool)
            all.append(
                SplitSnapshot(
                    name: pool.name,
                    pool: pool,
                    parts: zip(split.parts, set?.weights ?? split.weights).map { ($0.fixed ?? $0.text, $1) },
                    isSet: set != nil
                )
            )
        }
        return all
    }

    // MARK: Bounds

    mutating func tick() {
        ticks += 1
        isFull = false
        guard ticks >= Self.ticksKept else { return }
        ticks = 0
        if !splits.isEmpty { sweep(unusedOnly: true) }
    }

    private mutating func makeRoom() -> Bool {
        guard splits.count >= DataPathConstants.splits else { return true }
        if !isFull { sweep(unusedOnly: false) }
        isFull = splits.count >= DataPathConstants.splits
        return !isFull
    }

    /// Forgets those that no cached decision refers to.
    ///
    /// - Parameter unusedOnly: keep those that were used since the last sweep.
    private mutating func sweep(unusedOnly: Bool) {
        var forgotten: [String] = []
        var index = splits.startIndex
        while index != splits.endIndex {
            if !unusedOnly || !splits.values[index].isInUse, isKnownUniquelyReferenced(&splits.values[index])
            {
                forgotten.append(splits.keys[index])
            }
            splits.values[index].isInUse = false
            splits.formIndex(after: &index)
        }
        for name in forgotten { splits[name] = nil }
    }
}
