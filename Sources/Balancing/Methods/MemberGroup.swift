/// The endpoints of a pool that are not backups, or those that are, with whatever the method remembers of them.
struct MemberGroup: Sendable {
    private let method: BalancingMethod
    /// Keys find endpoints here: those that are not backups, as in nginx.
    private let hasKeys: Bool
    /// All that have a location for keys, those that are down included.
    private var slots: [KeySlot] = []
    /// Of each slot the position in `usable`; nil: down or draining.
    private var positions: [Int?] = []
    /// Slots with the text of an earlier one, by the first one of them, which is included.
    private var twins: [Int: [Int]] = [:]
    private var locations: KeyLocations?
    /// Of those that can be picked the index in the list of the whole pool.
    private(set) var usable: [Int] = []
    /// For `round_robin`.
    private var turns: WeightedRoundRobin
    /// For all other methods: who is next among equals, and where nothing else decides.
    private var smooth: SmoothTurns
    private var least = LeastLoaded()
    private var random: RandomChoice

    init(_ method: BalancingMethod, isBackup: Bool, seed: UInt64) {
        self.method = method
        self.hasKeys = method.usesKey && !isBackup
        self.turns = WeightedRoundRobin(seed: UInt(truncatingIfNeeded: seed))
        self.smooth = SmoothTurns(seed: UInt(truncatingIfNeeded: seed))
        self.random = RandomChoice(seed: KeyHash.mixed(isBackup ? ~seed : seed))
    }

    // MARK: - Members

    /// - Parameter members: with their indices in the list of the whole pool, and their former positions in `usable`.
    mutating func update(_ members: [(index: Int, member: PoolMember, previous: Int?)]) {
        usable = []
        positions = []
        var endpoints: [(weight: UInt16, previous: Int?)] = []
        for (index, member, previous) in members {
            let isUsable = member.settings.administrativeState == .up
            positions.append(isUsable ? usable.count : nil)
            guard isUsable else { continue }
            usable.append(index)
            endpoints.append((member.settings.weight, previous))
        }
        if case .roundRobin = method { turns.update(endpoints) } else { smooth.update(endpoints) }
        if case .random = method { random.update(endpoints.map(\.weight)) }
        if hasKeys { locate(members.map { KeySlot(id: $0.member.id, weight: $0.member.settings.weight) }) }
    }

    private mutating func locate(_ slots: [KeySlot]) {
        guard locations == nil || slots != self.slots else { return }
        self.slots = slots
        locations = KeyLocations(method, slots)
        twins = [:]
        guard case .ring = locations else { return }
        let same = Dictionary(grouping: slots.indices.filter { slots[$0].weight > 0 }) { slots[$0].id }
        for indices in same.values where indices.count > 1 { twins[indices[0]] = indices }
    }

    // MARK: - Picks

    /// The next one where nothing is known of the endpoints: an index in the list of the whole pool.
    mutating func pick(_ key: Span<UInt8>) -> Int? {
        if case .roundRobin = method { return turns.pick().map { usable[$0] } }
        return pick(key, bound: nil) { _ in EndpointLoad() }
    }

    /// - Parameters:
    ///   - key: empty: turns decide.
    ///   - bound: for methods with keys, percent.
    ///   - state: by the index in the list of the whole pool.
    mutating func pick(_ key: Span<UInt8>, bound: Int?, _ state: (Int) -> EndpointLoad) -> Int? {
        guard !usable.isEmpty else { return nil }
        let usable = usable
        let position: Int? =
            switch method {
            case .roundRobin: turns.pick { state(usable[$0]).availableShare }
            case .leastConnections: least.pick(.requests, &smooth) { state(usable[$0]) }
            case .leastTime: least.pick(.time, &smooth) { state(usable[$0]) }
            case .random(let two):
                random.pick(two: two, smooth.weights) { state(usable[$0]) }
                    ?? smooth.pick { state(usable[$0]).availableShare }
            case .ipHash, .hash, .maglev: pickByKey(key, bound) { state(usable[$0]) }
            }
        return position.map { usable[$0] }
    }

    /// - Parameter state: by the position in `usable`.
    private mutating func pickByKey(
        _ key: Span<UInt8>,
        _ factor: Int?,
        _ state: (Int) -> EndpointLoad
    ) -> Int? {
        let bound = factor.map { self.bound($0, state) }
        // A single endpoint, or no key: as in nginx nothing is left to choose by a key.
        if let locations, slots.count > 1, !key.isEmpty || method == .ipHash {
            var cursor = locations.start(key)
            for _ in 0..<KeyLocations.attempts {
                guard let first = locations.next(key, &cursor) else { break }
                var candidates: [SmoothTurns.Candidate] = []
                let picked = candidate(first, key, state, bound)
                guard let others = twins[first] else {
                    if let picked { return picked.index }
                    continue
                }
                for slot in others {
                    if let one = candidate(slot, key, state, bound) { candidates.append(one) }
                }
                if let picked = smooth.pick(among: candidates) { return picked }
            }
        }
        let weights = smooth.weights
        return smooth.pick { position in
            let state = state(position)
            return Self.isAllowed(state, weights[position], bound) ? state.availableShare : nil
        } ?? smooth.pick { state($0).availableShare }
    }

    /// A slot's endpoint, if it can have the key.
    private func candidate(
        _ slot: Int,
        _ key: Span<UInt8>,
        _ state: (Int) -> EndpointLoad,
        _ bound: LoadBound?
    ) -> SmoothTurns.Candidate? {
        guard let position = positions[slot] else { return nil }
        let state = state(position)
        guard let share = state.availableShare, Self.isAllowed(state, slots[slot].weight, bound) else {
            return nil
        }
        // During a slow start it has a part of its keys, which grows: a key that has come to it stays.
        if share < SmoothTurns.wholeShare {
            guard KeyHash.of(key, seed: 2) >> 56 < share else { return nil }
        }
        return SmoothTurns.Candidate(index: position, weight: Self.weight(slots[slot].weight, state))
    }

    private func bound(_ factor: Int, _ state: (Int) -> EndpointLoad) -> LoadBound {
        var bound = LoadBound(factor: factor)
        for (position, weight) in smooth.weights.enumerated() where weight > 0 {
            let state = state(position)
            guard !state.isExcluded else { continue }
            bound.add(requests: state.boundedRequests, weight: Self.weight(weight, state))
        }
        return bound
    }

    private static func isAllowed(_ state: EndpointLoad, _ weight: UInt16, _ bound: LoadBound?) -> Bool {
        bound?.allows(requests: state.boundedRequests, weight: self.weight(weight, state)) ?? true
    }

    private static func weight(_ weight: UInt16, _ state: EndpointLoad) -> Int {
        Int(weight) * state.share
    }
}
