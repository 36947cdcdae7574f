import Balancing
package import HTTP1
package import NIOCore
import Routing

/// Which target gets a request in place of the rule's: `split` and `failover` of pools.
extension RequestStages {
    /// Finds out what the pools of a request's target need of its head: the part of a split that it goes to, the token
    /// of a client that stays, and what endpoints are picked by.
    package func note(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        from connection: ConnectionInfo,
        into route: inout RequestRoute
    ) throws(Failure) {
        guard var target = route.decision?.forwarding, target.settings != nil else { return }
        if let branch = target.branch {
            if let split = branch.split, let pool = branch.pool {
                let turns = turns(of: branch, pool, target.forward.target.name)
                target = try choosePart(split, of: branch, turns, head, source, connection, &route)
            }
            try noteLater(target, head, source, connection, &route)
        }
        let keys = try keys(of: target, head, source, connection, &route)
        route.stickyToken = keys.stickyToken
        route.balancingKey = keys.balancingKey
    }

    private func choosePart(
        _ split: PoolSplit,
        of branch: TargetBranch,
        _ turns: TargetSplit,
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ connection: ConnectionInfo,
        _ route: inout RequestRoute
    ) throws(Failure) -> ForwardTarget {
        let fields = copy head
        let found = split.part { name, visit in
            fields.anyValue(of: name, in: source.readableBytesUInt8Span, visit: visit)
        }
        var index = found?.part
        var why = found?.why ?? ""
        var assignment: (name: [UInt8], value: [UInt8])?
        if index == nil {
            if let session = turns.session, let bound = turns.part(of: session.token(head, source)) {
                index = bound
                why = "its token"
            } else if let next = turns.next() {
                index = next
                why = "weight"
                if turns.session != nil {
                    let scheme = ClientScheme.of(head, source.readableBytesUInt8Span, from: connection)
                    assignment = turns.assignment(to: next, isSecure: scheme == .https)
                }
            }
        }
        guard let index, let part = branch.part(index, scratch: scratch) else {
            throw Failure(.unknownTarget)
        }
        let choice = TargetChoice(part)
        choice.part = (turns, index, why)
        choice.assignment = assignment
        route.choice = choice
        return part
    }

    private func turns(of branch: TargetBranch, _ pool: Pool, _ name: String) -> TargetSplit {
        if let turns = branch.turns {
            turns.isInUse = true
            return turns
        }
        let turns = splits.turns(of: name, pool, branch.partNames)
        if turns.isKept { branch.turns = turns }
        return turns
    }

    /// Notes what targets that may take over pick an endpoint by, where one of them needs it.
    private func noteLater(
        _ target: ForwardTarget,
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ connection: ConnectionInfo,
        _ route: inout RequestRoute
    ) throws(Failure) {
        guard target.branch?.laterNeedsHead(scratch: scratch) == true else { return }
        var later: [TargetChoice.Keys] = []
        var next = target.branch?.next(scratch: scratch)
        while let follower = next {
            later.append(try keys(of: follower, head, source, connection, &route))
            next = follower.branch?.next(scratch: scratch)
        }
        let choice = route.choice ?? TargetChoice(target)
        choice.later = later
        route.choice = choice
    }

    private func keys(
        of target: ForwardTarget,
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ connection: ConnectionInfo,
        _ route: inout RequestRoute
    ) throws(Failure) -> TargetChoice.Keys {
        var keys = TargetChoice.Keys()
        guard let pool = target.settings else { return keys }
        if let session = target.session {
            keys.stickyToken = session.token(head, source)
            route.isSecure =
                ClientScheme.of(head, source.readableBytesUInt8Span, from: connection) == .https
        }
        keys.balancingKey = try balancingKey(head, source, connection, pool, &route)
        return keys
    }

    // MARK: Failover

    /// Goes on to the target that takes over, where the request's own has no endpoint for it.
    ///
    /// - Parameter failure: why it has none.
    /// - Returns: whether there is such a target; then `resolve` comes next.
    package func failOver(_ route: inout RequestRoute, after failure: Failure) -> Bool {
        guard failure.reason.leavesNoEndpoint, let target = route.forwarding,
            let next = target.branch?.next(scratch: scratch)
        else { return false }
        let choice = route.choice ?? TargetChoice(target)
        choice.failures.append((target.forward.target.name, failure))
        choice.target = next
        let keys = choice.later.isEmpty ? TargetChoice.Keys() : choice.later.removeFirst()
        route.stickyToken = keys.stickyToken
        route.balancingKey = keys.balancingKey
        route.choice = choice
        route.pool = nil
        return true
    }

    /// Whether the target that takes over has an endpoint that a request could be sent to without a wait.
    func hasEndpointAfterwards(
        than used: Upstream,
        _ attempted: AttemptedUpstreams,
        _ route: borrowing RequestRoute
    ) -> Bool {
        guard let next = route.forwarding?.branch?.next(scratch: scratch) else { return false }
        return keep(TargetKey(next.forward))?.hasOther(than: used, attempted) ?? false
    }

    /// To a target that no rule of the request leads to.
    func decision(to forward: Forward) -> CachedDecision {
        CachedDecision(.forwarding(forward), pools: rules.table.pools, scratch: scratch)
    }

    // MARK: Commands

    /// The targets that are split, in no order.
    package var splitSnapshots: [SplitSnapshot] { splits.snapshots(rules.table.pools) }

    /// An operator has set the weights of a split, or takes them back (nil).
    ///
    /// - Parameter name: of a target in lower case, or of a pool.
    package func set(_ weights: SplitWeights?, ofSplit name: String) { splits.set(weights, for: name) }
}

extension Failure.Reason {
    /// The target has no endpoint for a request: another target may. That it has as many requests as it may have is
    /// not such a reason, nor that an operator has stopped it.
    fileprivate var leavesNoEndpoint: Bool {
        switch self {
        case .unknownTarget, .nameError, .nameTimeout, .prohibitedAddress, .endpointsDown, .connectFailed:
            true
        default: false
        }
    }
}
