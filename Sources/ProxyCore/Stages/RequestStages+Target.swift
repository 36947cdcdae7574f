package import Names
import Routing

/// From a target to one of its endpoints.
extension RequestStages {
    /// The stage `resolve`: finds the target's endpoints.
    ///
    /// - Returns: nil if they are known; else the name to wait for. `resolve(_:with:)` goes on with the result.
    package func resolve(_ route: inout RequestRoute) throws(Failure) -> String? {
        route.stage = .resolve
        guard let target = route.decision?.forwarding else { throw Failure(.internal) }
        let known = target.pool ?? targets[TargetKey(target.forward)]
        if let known, targets.isCurrent(known) {
            if target.pool == nil { target.pool = known }
            route.pool = known
            return nil
        }
        let lookup = resolver.lookUp(target.forward.target)
        if case .unresolved = lookup, canWait { return target.forward.target.name }
        try settle(target, known, lookup, &route)
        return nil
    }

    /// The stage `resolve`, after the wait for a name.
    ///
    /// - Parameter lookup: the result of the name sources.
    package func resolve(_ route: inout RequestRoute, with lookup: NameLookup) throws(Failure) {
        route.stage = .resolve
        guard let target = route.decision?.forwarding else { throw Failure(.internal) }
        let known = target.pool ?? targets[TargetKey(target.forward)]
        if let known, targets.isCurrent(known) {
            // Another request that waited for the same name came first.
            target.pool = known
            route.pool = known
        } else {
            try settle(target, known, lookup, &route)
        }
    }

    private func settle(
        _ target: ForwardTarget,
        _ known: TargetPool?,
        _ lookup: NameLookup,
        _ route: inout RequestRoute
    ) throws(Failure) {
        let pool = known ?? targets.make(TargetKey(target.forward))
        targets.update(pool, resolver.resolve(pool.key, lookup), settings(of: pool))
        route.pool = pool
        if let failure = pool.failure { throw failure }
        if targets.insert(pool) { target.pool = pool }
    }

    /// The stage `pick`: the endpoint whose turn it is. Names that have changed since `resolve` count.
    ///
    /// - Parameter attempted: the endpoints that this request could not be sent to. None of them is picked again.
    /// - Throws: where there is no endpoint, or none that was not attempted.
    package func pick(
        _ route: inout RequestRoute,
        excluding attempted: AttemptedUpstreams = AttemptedUpstreams()
    ) throws(Failure) -> Upstream {
        route.stage = .pick
        guard let pool = route.pool else { throw Failure(.internal) }
        refresh(pool)
        guard targets.isCurrent(pool) else { throw pool.failure ?? Failure(.nameError) }
        return try pool.pick(route, excluding: attempted, now: targets.now)
    }

    /// Whether there is an endpoint that a request could be sent to instead of the one that it was sent to.
    package func hasOther(
        than used: Upstream,
        _ attempted: AttemptedUpstreams,
        _ route: borrowing RequestRoute
    ) -> Bool {
        guard let pool = route.pool else { return false }
        refresh(pool)
        return targets.isCurrent(pool) && pool.hasOther(than: used, attempted)
    }

    /// Whether an endpoint that was picked before is still one of the target's: another container may have its
    /// address by now.
    package func isCurrent(_ upstream: Upstream, _ route: borrowing RequestRoute) -> Bool {
        guard let pool = route.pool else { return false }
        refresh(pool)
        return targets.isCurrent(pool) && pool.contains(upstream)
    }

    /// Whether an endpoint that was picked before is certainly not one of the target's any longer. While its name is
    /// being resolved, or cannot be, it still is.
    package func isWithdrawn(_ upstream: Upstream, _ route: borrowing RequestRoute) -> Bool {
        guard let pool = route.pool else { return false }
        refresh(pool)
        switch pool.failure?.reason {
        case nil, .unknownTarget?, .prohibitedAddress?: return !pool.contains(upstream)
        default: return false
        }
    }

    /// Brings a pool that a request holds up to date, where that is possible without a wait.
    private func refresh(_ pool: TargetPool) {
        guard !targets.isCurrent(pool) else { return }
        let lookup = resolver.lookUp(pool.key.target)
        if case .unresolved = lookup, canWait { return }
        targets.update(pool, resolver.resolve(pool.key, lookup), settings(of: pool))
    }

    /// A pool whose name is known; nil: it is not, or pools are not kept.
    func keep(_ key: TargetKey) -> TargetPool? {
        let pool = targets[key] ?? targets.make(key)
        refresh(pool)
        return targets.isCurrent(pool) && targets.insert(pool) ? pool : nil
    }

    // MARK: Commands

    /// The targets that are in use, in no order, with the names of now.
    package var targetSnapshots: [TargetSnapshot] {
        for pool in targets.all { refresh(pool) }
        return targets.snapshots
    }

    /// An operator has changed the state of an endpoint (`SharedEndpoint.set`).
    package func stateChanged(of endpoint: SharedEndpoint) { targets.stateChanged(of: endpoint) }

    private func settings(of pool: TargetPool) -> Pool? {
        rules.table.pools.pool(for: pool.key.target.name, scratch: scratch)
    }
}
