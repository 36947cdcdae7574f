import Balancing
import Names
import NIOCore
import Names
import Proxy
import ProxyCore
import Routing

extension PoolsReport {
    /// - Parameters:
    ///   - loops: what each event loop has.
    ///   - known: the endpoints that any loop uses, or an operator has set a state of.
    ///   - records: what operators have set of targets.
    init(
        tier: String,
        _ loops: [LoopSnapshot],
        known: [SharedEndpoint],
        records: [String: ControlRecord] = [:],
        now: NIODeadline
    ) {
        let known = Dictionary(known.map { ($0.key, $0) }) { $1 }
        var targets: [String: TargetBuilder] = [:]
        var checks: [SharedEndpoints.Key: LoopSnapshot.Check] = [:]
        for loop in loops {
            checks.merge(loop.checks) { $1 }
            for target in loop.targets { targets[target.name, default: TargetBuilder()].add(target) }
        }
        let time = MonotonicTime(now)
        var reports = targets.values.compactMap { $0.report(checks: checks, now: time) }
        // Over whatever link: an operator's state holds for all.
        let places = Dictionary(known.values.map { ($0.key.place, $0) }) {
            $0.health.isSetByOperator ? $0 : $1
        }
        // Pools that no request has used lately. (Those of patterns stand for no target then.)
        for pool in loops.first?.pools ?? [] where targets[pool.name] == nil && !pool.members.isEmpty {
            reports.append(
                Target(
                    unused: pool,
                    records[pool.name]?.endpoints == nil ? nil : records[pool.name],
                    places,
                    now: time
                )
            )
        }
        reports.sort { $0.name < $1.name }
        var holds: [String: Hold] = [:]
        for (name, held) in loops.flatMap(\.holds) {
            holds[name, default: Hold(name, held.hold)].waiting += held.waiting
        }
        var splits: [String: Split] = [:]
        for split in loops.flatMap(\.splits) where splits[split.name] == nil {
            splits[split.name] = Split(split)
        }
        self.init(
            tier: tier,
            targets: reports,
            holds: holds.values.sorted { $0.name < $1.name },
            splits: splits.values.sorted { $0.name < $1.name }
        )
        deployed = records.compactMap { name, record in
            record.endpoints.map { Deployed(name: name, endpoints: $0.map(\.endpoint)) }
        }.sorted { $0.name < $1.name }
        states = Self.states(known, besides: reports)
    }

    /// Those of endpoints that no target has.
    private static func states(
        _ known: [SharedEndpoints.Key: SharedEndpoint],
        besides targets: [Target]
    ) -> [State] {
        struct Place: Hashable {
            let endpoint: String
            let identity: String?
            let pool: String?
        }
        var shown: Set<Place> = []
        for target in targets {
            for one in target.members {
                shown.insert(Place(endpoint: one.endpoint, identity: one.identity, pool: target.pool))
            }
        }
        let states = known.values.compactMap { endpoint -> State? in
            guard let kept = endpoint.operatorState, let state = Member.State(rawValue: kept.state.rawValue)
            else { return nil }
            let text = "\(endpoint.endpoint)"
            let place = Place(endpoint: text, identity: endpoint.identity, pool: endpoint.pool)
            guard !shown.contains(place) else { return nil }
            return State(endpoint: text, pool: endpoint.pool, identity: endpoint.identity, state: state)
        }
        return states.sorted { ($0.pool ?? "", $0.endpoint) < ($1.pool ?? "", $1.endpoint) }
    }
}

extension PoolsReport.Split {
    fileprivate init(_ split: SplitSnapshot) {
        let written = split.pool.split?.weights ?? []
        self.init(
            name: split.name,
            pool: split.pool.name,
            parts: zip(split.parts, written).map { part, written in
                Part(to: part.name, weight: Int(part.weight), written: Int(written))
            },
            setByOperator: split.isSet
        )
    }
}

extension PoolsReport.Hold {
    fileprivate init(_ name: String, _ hold: TargetHold) {
        switch hold {
        case .paused(let max):
            self.init(name: name, state: .paused, max: Double(max.nanoseconds) / 1e9, waiting: 0)
        case .stopped(let message):
            self.init(name: name, state: .stopped, waiting: 0, message: message)
        }
    }
}

extension PoolsReport.Target {
    /// A pool that is not in use: its endpoints as they are written, or deployed.
    fileprivate init(
        unused pool: Pool,
        _ deployed: ControlRecord?,
        _ places: [SharedEndpoints.Key: SharedEndpoint],
        now: MonotonicTime
    ) {
        self.init(
            name: pool.name,
            pool: pool.name,
            method: "\(pool.settings.method)",
            source: deployed == nil ? "pools" : TierService.deployedSource,
            inUse: false,
            next: PoolsReport.Next(endpoints: [], byKey: pool.settings.method.usesKey, failure: nil),
            members: Self.members(of: pool, deployed).map { member, identity in
                let endpoint = SharedEndpoint(member, identity: identity, of: pool)
                return PoolsReport.Member(
                    places[endpoint.key] ?? endpoint,
                    member.settings,
                    requests: 0,
                    check: nil,
                    now: now
                )
            }
        )
    }

    private static func members(
        of pool: Pool,
        _ deployed: ControlRecord?
    ) -> [(member: PoolEndpoint, identity: String?)] {
        guard let deployed else { return pool.members.map { ($0, nil) } }
        return deployed.addresses.compactMap { address in
            guard let port = address.port else { return nil }
            let endpoint = Endpoint(address: address.address, port: port)
            if let own = pool.members.first(where: { $0.endpoint == endpoint }) {
                return (own, address.identity)
            }
            var member = PoolEndpoint(endpoint)
            member.settings = pool.settings.endpoint
            return (member, address.identity)
        }
    }
}

extension SharedEndpoint {
    /// As its pool describes it; nothing is known of it.
    fileprivate convenience init(_ member: PoolEndpoint, identity: String?, of pool: Pool) {
        self.init(member.endpoint, identity: identity, pool: pool.name)
        configure(member.settings, now: .uptimeNanoseconds(0))
    }
}

/// Puts together what the loops have of one target.
private struct TargetBuilder {
    private var first: TargetSnapshot?
    private var members: [SharedEndpoints.Key: (member: TargetSnapshot.Member, requests: Int)] = [:]
    private var order: [SharedEndpoints.Key] = []
    private var places: [TargetKey: TargetSnapshot.Places] = [:]
    private var next = PoolsReport.Next(endpoints: [], byKey: false, failure: nil)

    mutating func add(_ target: TargetSnapshot) {
        first = first ?? target
        for member in target.members {
            let key = member.endpoint.key
            if members[key] == nil { order.append(key) }
            members[key, default: (member, 0)].requests += member.requestsInFlight
        }
        if let places = target.places { self.places[places.key] = places }
        switch target.next {
        case .endpoint(let endpoint):
            let text = "\(endpoint)"
            if !next.endpoints.contains(text) { next.endpoints.append(text) }
        case .byKey: next.byKey = true
        case .failure(let failure): next.failure = failure.reason.rawValue
        }
    }

    func report(
        checks: [SharedEndpoints.Key: LoopSnapshot.Check],
        now: MonotonicTime
    ) -> PoolsReport.Target? {
        guard let first else { return nil }
        var next = next
        // What one loop has not found out yet is not a failure of the target.
        if !next.endpoints.isEmpty { next.failure = nil }
        next.endpoints.sort()
        return PoolsReport.Target(
            name: first.name,
            pool: first.pool?.name,
            method: "\(first.pool?.settings.method ?? .roundRobin)",
            source: first.source,
            inUse: true,
            next: next,
            members: order.compactMap { key in
                members[key].map { member, requests in
                    PoolsReport.Member(
                        member.endpoint,
                        member.settings,
                        sourceState: member.sourceState,
                        published: member.publishedHealth,
                        // Members of pools are counted on all loops together, with connects under way.
                        requests: key.pool == nil ? requests : member.endpoint.requestsInFlight,
                        check: checks[key],
                        now: now
                    )
                }
            },
            places: places.isEmpty ? nil : counted(first.pool?.settings)
        )
    }

    private func counted(_ settings: PoolSettings?) -> PoolsReport.Places {
        var sum = PoolsReport.Places(maxRequests: settings?.maxRequests, queue: settings?.queue?.size)
        for places in places.values {
            sum.requests += places.requests
            sum.waiting += places.waiting
        }
        return sum
    }
}

extension PoolsReport.Member {
    fileprivate init(
        _ endpoint: SharedEndpoint,
        _ settings: EndpointSettings,
        sourceState: EndpointSettings.AdministrativeState = .up,
        published: PublishedHealth? = nil,
        requests: Int,
        check: LoopSnapshot.Check?,
        now: MonotonicTime
    ) {
        let health = endpoint.health
        var triedIn: Double?
        var state: State
        switch health.state(now: now) {
        case .up: state = .up
        case .avoided(let until):
            state = .avoided
            triedIn = until.since(now).wholeMilliseconds
        case .probing: state = .probing
        case .down: state = .down
        }
        if health.administrativeState == .drain, state != .down { state = .drain }
        let isPublishedDown = published == .down && state != .down
        if isPublishedDown { state = .down }
        let isSetBySource =
            sourceState != .up && !health.isSetByOperator && !(sourceState == .drain && state == .down)
        if isSetBySource { state = sourceState == .down ? .down : .drain }
        self.init(
            endpoint: "\(endpoint.endpoint)",
            scheme: endpoint.link.scheme == .http ? nil : endpoint.link.scheme.rawValue,
            identity: endpoint.identity,
            state: state,
            cause: isSetBySource
                ? HealthTransition.Cause.administrative.rawValue
                : isPublishedDown ? HealthTransition.Cause.published.rawValue : Self.cause(health, now: now),
            triedIn: triedIn,
            setByOperator: health.isSetByOperator,
            setBySource: isSetBySource ? true : nil,
            publishedHealth: published?.rawValue,
            weight: Int(settings.weight),
            share: (health.share(now: now) * 1000).rounded() / 1000,
            backup: settings.isBackup,
            requests: requests,
            maxConns: settings.maxConnections,
            check: health.checks.map { checks in
                var due: Double?
                if case .due(let time)? = check { due = time.since(now).wholeMilliseconds }
                return PoolsReport.Check(
                    dueIn: due,
                    paused: check == .paused || check == nil,
                    isUp: checks.isUp,
                    contradictions: checks.contradictions,
                    rise: checks.rise,
                    fall: checks.fall
                )
            },
            transitions: health.transitions.map { transition in
                PoolsReport.Transition(
                    age: now.since(transition.time).wholeMilliseconds,
                    from: transition.from.rawValue,
                    to: transition.to.rawValue,
                    cause: transition.cause.rawValue,
                    detail: transition.detail,
                    evidence: transition.evidence
                )
            }
        )
    }

    private static func cause(_ health: EndpointHealth, now: MonotonicTime) -> String? {
        switch health.state(now: now) {
        case .up: health.administrativeState == .drain ? HealthTransition.Cause.administrative.rawValue : nil
        case .down(let cause): cause.rawValue
        case .avoided, .probing: health.transitions.last?.cause.rawValue
        }
    }
}

extension Duration {
    /// Seconds, with three digits after the point.
    fileprivate var wholeMilliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds / 1_000_000_000_000_000) / 1000
    }
}
