import Balancing
import Routing

/// The targets that requests of a target go to in its place: the parts of its split, and the target that takes over
/// where it has no endpoint for them. Only targets whose pool leads to others have one.
final class TargetBranch {
    private let forward: Forward
    private let pools: PoolTable
    /// How the target is split; nil: it is not.
    let split: PoolSplit?
    /// The pool that says so, or that is the target's.
    let pool: Pool?
    /// Of each part; nil: the template gives no valid name for this target.
    let partNames: [String?]
    /// Weights and turns; nil before the first request.
    var turns: TargetSplit?
    private var parts: [ForwardTarget?]
    private let failoverName: String?
    private var failover: ForwardTarget?
    /// What takes over where no target has a `failover` of its own: that of the split.
    private let lastFailover: String?
    /// The targets that this one takes over from.
    private let passed: [String]
    /// A target that may take over picks endpoints by what is in a request's head; nil: not known yet.
    private var laterNeedsHead: Bool?

    /// - Parameters:
    ///   - forward: to the target.
    ///   - pool: of the target.
    ///   - passed: the targets that it takes over from.
    ///   - lastFailover: of the split whose part it is.
    ///   - isSplit: requests may be split here: the target is not a part, and does not take over.
    ///   - scratch: of the calling thread.
    init?(
        _ forward: Forward,
        _ pool: Pool?,
        _ pools: PoolTable,
        passed: [String] = [],
        lastFailover: String? = nil,
        isSplit: Bool,
        scratch: RouteScratch
    ) {
        let name = forward.target.name
        let split = isSplit ? pool?.split : nil
        let names = (split?.parts ?? []) + (pool?.failover.map { [$0] } ?? [])
        let expanded = pool?.expand(names, for: name, scratch: scratch) ?? []
        let next = (pool?.failover == nil ? nil : expanded.last ?? nil) ?? lastFailover
        let isLast = passed.count >= PoolTable.maxFailovers
        failoverName = isLast || next == name || next.map(passed.contains) == true ? nil : next
        guard split != nil || failoverName != nil else { return nil }
        self.forward = forward
        self.pool = pool
        self.pools = pools
        self.split = split
        self.passed = passed
        self.lastFailover = split == nil ? lastFailover : failoverName
        partNames = Array(expanded.prefix(split?.parts.count ?? 0))
        parts = Array(repeating: nil, count: partNames.count)
    }

    /// - Returns: nil where the part has no valid name.
    func part(_ index: Int, scratch: RouteScratch) -> ForwardTarget? {
        guard parts.indices.contains(index), let name = partNames[index] else { return nil }
        if let part = parts[index] { return part }
        let part = target(name, passed: [], scratch)
        parts[index] = part
        return part
    }

    /// There is a target that takes over.
    var hasFailover: Bool { failoverName != nil }

    /// The target that takes over; nil: none does.
    func next(scratch: RouteScratch) -> ForwardTarget? {
        guard let failoverName else { return nil }
        if let failover { return failover }
        let next = target(failoverName, passed: passed + [forward.target.name], scratch)
        failover = next
        return next
    }

    /// Whether a target that may take over picks endpoints by what is in a request's head.
    func laterNeedsHead(scratch: RouteScratch) -> Bool {
        if let laterNeedsHead { return laterNeedsHead }
        let needs =
            next(scratch: scratch).map { next in
                next.needsHead || next.branch?.laterNeedsHead(scratch: scratch) == true
            } ?? false
        laterNeedsHead = needs
        return needs
    }

    /// What is split is not split again, and then its pool says nothing of endpoints.
    private func target(_ name: String, passed: [String], _ scratch: RouteScratch) -> ForwardTarget {
        let forward = forward.leading(to: name)
        let pool = pools.endpointPool(for: name, scratch: scratch)
        return ForwardTarget(
            forward,
            settings: pool,
            branch: TargetBranch(
                forward,
                pool,
                pools,
                passed: passed,
                lastFailover: lastFailover,
                isSplit: false,
                scratch: scratch
            )
        )
    }
}

extension ForwardTarget {
    fileprivate var needsHead: Bool {
        session != nil || settings?.hashKey != nil || settings?.settings.method == .ipHash
    }
}

extension PoolTable {
    /// What says how the endpoints of a target share its requests; nil: nothing, or the target is split.
    func endpointPool(for name: String, scratch: RouteScratch) -> Pool? {
        pool(for: name, scratch: scratch).flatMap { $0.split == nil ? $0 : nil }
    }
}
