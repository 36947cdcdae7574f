import Balancing
import NIOCore
import Names
package import Routing

/// What a pool belongs to: the same target may be narrowed by one rule and not by another.
package struct TargetKey: Hashable, Sendable {
    package let target: Target
    package let endpointNetworks: [CIDR]
    /// Nil: nothing goes there over TLS.
    package let tls: UpstreamTLS?

    package init(_ forward: Forward) {
        self.init(forward.target, endpointNetworks: forward.endpointNetworks, tls: forward.tls)
    }

    init(_ target: Target, endpointNetworks: [CIDR] = [], tls: UpstreamTLS? = nil) {
        self.target = target
        self.endpointNetworks = endpointNetworks
        self.tls = tls
    }

    /// A target whose name is a pool's, as rules without further conditions lead to it.
    static func all(pool name: String, _ ports: TargetPorts) -> Set<TargetKey> {
        let keys = ports.ways(to: name).map { way in
            TargetKey(Target(name: name, scheme: way.scheme), tls: way.tls)
        }
        return keys.isEmpty ? [TargetKey(Target(name: name))] : Set(keys)
    }

    /// How connections to its endpoints are made.
    package var link: UpstreamLink { UpstreamLink(target.scheme, tls, to: target.name) }
}

/// The endpoints of one target on one event loop, and who of them gets the next request.
///
/// Lives as long as something refers to it or uses it, and is updated in place: rules that are loaded again
/// and names that change keep the upstreams and turns of what stays the same.
package final class TargetPool {
    package let key: TargetKey
    private let link: UpstreamLink
    /// What the names became, when the pool was last updated.
    package private(set) var resolution = Resolution.none
    /// Why there is no endpoint; nil when there is one.
    package private(set) var failure: Failure? = Failure(.unknownTarget)
    /// What the rule files say of the target; nil: nothing.
    package private(set) var settings: Pool?
    /// In the order of `resolution.choices`.
    private var members: [TargetMember] = []
    private var balancer: Balancer
    private let seeds: TargetPools.Seeds
    private var sticky: StickyBinding?
    /// A pick looks at the state of each endpoint: of the one whose turn it is is not enough.
    private var comparesEndpoints = false
    /// Turns alone decide, as long as the endpoint whose turn it is is well.
    private var picksByTurn = true
    /// The state of the names that it stands for; see `TargetPools`.
    var epoch = TargetPools.outdated
    /// The target's requests on all loops. Only targets that are used have one.
    private(set) lazy var counter = shared.counters.counter(for: key)
    private let shared: SharedTargets
    /// When a request is sent again; nil: `RetryPolicy.standard`.
    package private(set) var retries: RetryPolicy?
    /// Requests that the target may have at a time.
    private(set) var maxRequests = Int.max
    /// Where requests wait that find no place; nil: they do not wait.
    private(set) var queue: (size: Int, timeout: TimeAmount)?
    /// Why the endpoint was picked that was picked last.
    private(set) var lastPick = PickReason.method
    /// An endpoint was picked since `TargetPools` last looked.
    var isInUse = true

    init(_ key: TargetKey, shared: SharedTargets, seeds: TargetPools.Seeds) {
        self.key = key
        self.link = key.link
        self.shared = shared
        self.seeds = seeds
        self.balancer = Balancer(.roundRobin, seed: seeds.usual)
    }

    // MARK: Updates

    /// Takes over what the target's name became, and what the rule files say of it.
    ///
    /// - Parameter upstreams: of the event loop; nil: each update makes its own.
    func update(_ resolution: Resolution, _ settings: Pool?, _ upstreams: Upstreams?, now: NIODeadline) {
        // What comes to others is a newcomer.
        let arrived = members.isEmpty ? nil : now
        let updated = resolution.choices.map { choice in
            let upstream =
                upstreams?.upstream(
                    choice.endpoint,
                    identity: choice.identity,
                    pool: settings?.name,
                    link: link,
                    arrived: arrived
                )
                ?? Upstream(
                    choice.endpoint,
                    identity: choice.identity,
                    pool: settings?.name,
                    link: link
                )
            return TargetMember(upstream, choice, settings)
        }
        let hasNewMethod = apply(settings)
        var positions: [ObjectIdentifier: Int] = [:]
        for (position, member) in members.enumerated() {
            positions[ObjectIdentifier(member.upstream)] = position
        }
        if let settings {
            for member in updated {
                member.upstream.shared.configure(
                    member.settings,
                    check: member.publishedHealth == nil ? settings.settings.check : nil,
                    generation: settings.generation,
                    now: now
                )
            }
        }
        balancer.update(
            updated.map { member in
                (member.balanced, hasNewMethod ? nil : positions[ObjectIdentifier(member.upstream)])
            }
        )
        self.members = updated
        self.resolution = resolution
        self.failure = resolution.failure
        if let settings {
            comparesEndpoints =
                settings.settings.comparesEndpoints
                || updated.contains { $0.settings.maxConnections != nil || $0.settings.slowStart > .zero }
            sticky?.name(updated.map(\.upstream))
        }
        picksByTurn = !comparesEndpoints && !updated.contains { $0.publishedHealth == .down }
        markUse(now: now)
    }

    /// An operator has changed the state of an endpoint: turns are those of the endpoints that are up. Until this is
    /// called, an endpoint that is not has its turns, and others take its place.
    func stateChanged(of endpoint: SharedEndpoint) {
        guard members.contains(where: { $0.upstream.shared === endpoint }) else { return }
        balancer.update(members.enumerated().map { ($1.balanced, $0) })
    }

    /// - Returns: whether endpoints are picked by another method from now on.
    private func apply(_ settings: Pool?) -> Bool {
        guard self.settings !== settings else { return false }
        let before = self.settings?.settings ?? PoolSettings()
        let after = settings?.settings ?? PoolSettings()
        self.settings = settings
        retries = settings.map { RetryPolicy($0.settings.retries) }
        maxRequests = settings?.settings.maxRequests ?? .max
        queue = settings?.settings.queue.map { ($0.size, TimeAmount($0.timeout)) }
        comparesEndpoints = false
        sticky = settings.flatMap { pool in
            pool.settings.sticky.map { StickyBinding($0, pool: pool.name, shared: shared) }
        }
        guard
            before.method != after.method || before.hashBalanceFactor != after.hashBalanceFactor
                || members.isEmpty
        else { return false }
        balancer = Balancer(
            after.method,
            hashBalanceFactor: after.hashBalanceFactor,
            seed: settings == nil ? seeds.usual : seeds.pools
        )
        return true
    }

    /// Its endpoints are worth a check for some time.
    func markUse(now: NIODeadline) {
        for member in members { member.upstream.shared.markUse(now: now) }
    }

    package func contains(_ upstream: Upstream) -> Bool {
        members.contains { $0.upstream === upstream }
    }

    /// Whether an endpoint is left that was not tried, and that seems well.
    func hasOther(than used: Upstream, _ attempted: AttemptedUpstreams) -> Bool {
        failure == nil
            && members.contains { member in
                member.upstream !== used && !attempted.contains(member.upstream)
                    && !member.isAvoided && member.isUp && member.hasRoom
            }
    }

    /// One of its endpoints, however it is.
    func upstream(at endpoint: Endpoint) -> Upstream? {
        members.first { $0.upstream.endpoint == endpoint }?.upstream
    }

    // MARK: Picks

    /// The endpoint that gets the next request, or why there is none.
    ///
    /// - Parameters:
    ///   - request: what the pick depends on.
    ///   - now: a tick old at most.
    func pick(
        _ request: borrowing RequestRoute,
        excluding attempted: AttemptedUpstreams,
        now: NIODeadline
    ) throws(Failure) -> Upstream {
        if let failure { throw failure }
        // Also where nobody can be picked: checks have to find out when somebody can.
        if !isInUse {
            isInUse = true
            markUse(now: now)
        }
        let index = try choose(request, excluding: attempted, now: now)
        guard members.indices.contains(index) else { throw Failure(.connectFailed) }
        resolution.use?.mark()
        return members[index].upstream
    }

    private func choose(
        _ request: borrowing RequestRoute,
        excluding attempted: AttemptedUpstreams,
        now: NIODeadline
    ) throws(Failure) -> Int {
        if let bound = sticky?.index(of: request.stickyToken), members[bound].mayServeBound,
            !attempted.contains(members[bound].upstream),
            members[bound].upstream.admits(now: now, isBound: true)
        {
            lastPick = .sticky
            return bound
        }
        let key = request.balancingKey
        if attempted.isEmpty, picksByTurn, let index = balancer.pick(key: key),
            members[index].upstream.admits(now: now)
        {
            lastPick = .method
            return index
        }
        // Another loop may be faster where a trial is due.
        for _ in 0..<2 {
            let index = balancer.pick(key: key) { load($0, excluding: attempted, isChoosy: true, now: now) }
            guard let index else { break }
            lastPick = picksByTurn || !attempted.isEmpty ? .instead : .method
            if members[index].upstream.admits(now: now) { return index }
        }
        if settings?.settings.allDown == .refuse || request.forwarding?.branch?.hasFailover == true {
            throw nothingLeft(attempted, .endpointsDown)
        }
        // Where all that are left are to be avoided, they are tried all the same.
        lastPick = .lastResort
        guard
            let index = balancer.pick(key: key, { load($0, excluding: attempted, isChoosy: false, now: now) })
        else {
            throw nothingLeft(attempted, .endpointsDown)
        }
        return index
    }

    /// - Parameter isChoosy: what is to be avoided is not picked.
    private func load(
        _ index: Int,
        excluding attempted: AttemptedUpstreams,
        isChoosy: Bool,
        now: NIODeadline
    ) -> EndpointLoad {
        let member = members[index]
        guard !attempted.contains(member.upstream), !isChoosy || !member.isAvoided, member.isUp,
            member.hasRoom
        else { return EndpointLoad(isExcluded: true) }
        return comparesEndpoints ? member.load(now: now) : EndpointLoad()
    }

    private func nothingLeft(_ attempted: AttemptedUpstreams, _ reason: Failure.Reason) -> Failure {
        guard attempted.isEmpty else { return Failure(.connectFailed) }
        let isFull = members.contains { $0.isUp && !$0.isAvoided && !$0.hasRoom }
        return Failure(isFull ? .targetLimit : reason)
    }

    // MARK: Commands

    var endpointCount: Int { members.count }
    /// Endpoints that seem well and are not full.
    var wellEndpointCount: Int { members.count { !$0.isAvoided && $0.isUp && $0.hasRoom } }

    /// The target as it is now.
    func snapshot(now: NIODeadline) -> TargetSnapshot {
        TargetSnapshot(
            name: key.target.name,
            pool: settings,
            source: resolution.source,
            members: members.map { member in
                TargetSnapshot.Member(
                    endpoint: member.upstream.shared,
                    settings: member.settings,
                    sourceState: member.sourceState,
                    publishedHealth: member.publishedHealth,
                    requestsInFlight: member.upstream.requestsInFlight
                )
            },
            next: preview(now: now),
            places: maxRequests < .max || queue != nil
                ? TargetSnapshot.Places(
                    key: key,
                    requests: counter.requestCount,
                    waiting: counter.waitingCount
                ) : nil
        )
    }

    /// What `pick` would do, without a turn taken.
    private func preview(now: NIODeadline) -> TargetSnapshot.Pick {
        if let failure { return .failure(failure) }
        if balancer.method.usesKey { return .byKey }
        let nobody = AttemptedUpstreams()
        var turns = balancer
        if picksByTurn, let index = turns.pick(), members[index].isUp, !members[index].isAvoided {
            return .endpoint(members[index].upstream.endpoint)
        }
        var picked = turns.pick { load($0, excluding: nobody, isChoosy: true, now: now) }
        if picked == nil, settings?.settings.allDown != .refuse, settings?.failover == nil {
            picked = turns.pick { load($0, excluding: nobody, isChoosy: false, now: now) }
        }
        return picked.map { .endpoint(members[$0].upstream.endpoint) }
            ?? .failure(nothingLeft(nobody, .endpointsDown))
    }

    // MARK: What requests need

    /// What of a response's time counts; nil: none.
    var measure: BalancingMethod.Measure? {
        guard comparesEndpoints, case .leastTime(let measure) = balancer.method else { return nil }
        return measure
    }

    /// The most requests that an endpoint may have.
    func maxConnections(of upstream: Upstream) -> Int {
        guard comparesEndpoints else { return .max }
        return members.first { $0.upstream === upstream }?.settings.maxConnections ?? .max
    }

    /// Clients stay with the endpoint that they were sent to.
    var isSticky: Bool { sticky != nil }

    /// The field that makes the client stay with the endpoint that its request went to; nil: it does already, or need not.
    func stickyField(
        _ request: borrowing RequestRoute,
        to upstream: Upstream
    ) -> (name: [UInt8], value: [UInt8])? {
        guard let sticky, let index = members.firstIndex(where: { $0.upstream === upstream }) else {
            return nil
        }
        return sticky.field(of: index, carried: request.stickyToken, isSecure: request.isSecure)
    }
}
