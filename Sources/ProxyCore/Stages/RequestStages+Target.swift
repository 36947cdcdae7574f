package import Names
package import Routing

/// From a target to one of its endpoints.
extension RequestStages {
    /// The stage `resolve`: finds the target's endpoints.
    ///
    /// - Returns: nil if they are known; else the name to wait for. `resolve(_:with:)` goes on with the result.
    package func resolve(_ route: inout RequestRoute) throws(Failure) -> String? {
        route.stage = .resolve
        guard let target = route.forwarding else { throw Failure(.internal) }
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
        guard let target = route.forwarding else { throw Failure(.internal) }
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
        let upstream = try pool.pick(route, excluding: attempted, now: targets.now)
        route.pickReason = pool.lastPick
        return upstream
    }

    /// Whether there is an endpoint that a request could be sent to instead of the one that it was sent to.
    package func hasOther(
        than used: Upstream,
        _ attempted: AttemptedUpstreams,
        _ route: borrowing RequestRoute
    ) -> Bool {
        guard let pool = route.pool else { return false }
        refresh(pool)
        if targets.isCurrent(pool), pool.hasOther(than: used, attempted) { return true }
        return hasEndpointAfterwards(than: used, attempted, route)
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

    /// Brings what a request waits for up to date: its target's limits may be others by now.
    package func refresh(_ route: borrowing RequestRoute) {
        if let pool = route.pool { refresh(pool) }
    }

    /// Brings a pool that a request holds up to date, where that is possible without a wait.
    func refresh(_ pool: TargetPool) {
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
    ///
    /// - Parameter name: of a target or a pool; nil: all.
    package func targetSnapshots(of name: String? = nil) -> [TargetSnapshot] {
        for pool in targets.all(of: name) { refresh(pool) }
        return targets.snapshots(of: name)
    }

    /// Brings a target up to date that may not have had a request since its name changed.
    package func refresh(target name: String) {
        for pool in targets.targetPools(of: name) { refresh(pool) }
    }

    /// An operator has changed the state of an endpoint (`SharedEndpoint.set`).
    package func stateChanged(of endpoint: SharedEndpoint) { targets.stateChanged(of: endpoint) }

    private func settings(of pool: TargetPool) -> Pool? { settings(of: pool.key.target.name) }

    /// What the rule files say of a target; nil: nothing.
    package func settings(of target: String) -> Pool? {
        rules.table.pools.endpointPool(for: target, scratch: scratch)
    }

    /// Why no request for a target may go to an endpoint; nil: nothing that is known now is against it.
    package func objection(to endpoint: Endpoint, of target: String) -> AddressObjection? {
        for networks in [[]] + targets.endpointNetworks(of: target) {
            let objection = resolver.addressGuard.objection(to: endpoint, endpointNetworks: networks)
            if let objection { return objection }
        }
        return nil
    }
}
