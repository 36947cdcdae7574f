import Balancing
package import HTTP1
package import Names
package import NIOCore
package import Routing

/// The stages of a request up to its endpoint, in the order of `RequestStage`.
///
/// Live traffic and the dry run walk them here: first `route`, then `resolve` and `pick` where the decision
/// is to forward. What each stage finds out stands in the `RequestRoute`, also where one of them refuses.
///
/// The parts live for different lengths of time: rules and settings until a reload, names until the next
/// update (up to 50 in a second), the endpoints of a target while something uses them, scratch for ever.
///
/// Used on one event loop or thread alone.
package final class RequestStages {
    /// In force until the next reload.
    package private(set) var rules: TierRules
    /// Counts the rules that were put in force, so that it can be told whether they are those of before.
    package private(set) var generation: UInt64 = 0
    /// Also for what the rules change in responses.
    let scratch = RouteScratch()
    /// Decisions that depend on the host alone.
    private var cache: DecisionCache
    /// False: each request is decided anew.
    private let isCaching: Bool
    var resolver: TargetResolver
    /// Names that the table does not hold can be resolved; else they have no address.
    let canWait: Bool
    var targets: TargetPools
    var splits: TargetSplits
    /// Of the pools that name their endpoints: these are checked also while no request leads to them.
    private var named: [TargetPool] = []

    /// - Parameters:
    ///   - canWait: there is a resolver for names that `names` reports as unresolved.
    ///   - upstreams: of the event loop; nil: nothing is kept from one request to the next, and each target
    ///     begins with its first endpoint, so that equal requests get equal results.
    ///   - shared: of the tier.
    ///   - seed: of positions in tables and of the turns of endpoints.
    ///   - poolSeed: of the turns of endpoints of targets that the rule files have a pool for.
    package init(
        settings: TierSettings,
        table: RouteTable,
        names: NameTable,
        addressGuard: AddressGuard,
        canWait: Bool,
        upstreams: Upstreams?,
        shared: SharedTargets = SharedTargets(),
        seed: UInt64,
        poolSeed: UInt64 = 0
    ) {
        var random = Random(seed: seed)
        self.rules = TierRules(settings: settings, table: table)
        self.resolver = TargetResolver(names: names, addressGuard: addressGuard)
        self.canWait = canWait
        self.isCaching = upstreams != nil
        self.cache = DecisionCache(
            size: upstreams == nil ? DecisionCache.minSize : DecisionCache.usualSize,
            seed: random.next()
        )
        self.targets = TargetPools(
            upstreams: upstreams,
            shared: shared,
            seed: random.next(),
            poolSeed: poolSeed
        )
        self.splits = TargetSplits(
            shared: shared,
            isKeeping: upstreams != nil,
            seed: upstreams == nil ? 0 : poolSeed,
            randomSeed: random.next()
        )
    }

    package var settings: TierSettings { rules.settings }

    // MARK: What changes

    /// Puts new rules and settings in force, and the names that belong to them. Targets keep their endpoints,
    /// except for what the new names change.
    package func install(table: RouteTable, settings: TierSettings, names: NameTable) {
        rules = TierRules(settings: settings, table: table)
        generation &+= 1
        cache.removeAll()
        install(names: NameTableUpdate(table: names, changed: nil))
        splits.install(table.pools, scratch: scratch)
        keepNamedPools()
    }

    private func keepNamedPools() {
        let checked = rules.table.pools.pools.filter { $0.settings.check != nil && !$0.members.isEmpty }
        guard !checked.isEmpty else { return named = [] }
        let ports = TargetPorts(rules.table)
        named = checked.flatMap { pool -> [TargetPool] in
            guard let host = try? HostName(pool.name) else { return [] }
            return TargetKey.all(pool: host.text, ports).compactMap { keep($0) }
        }
    }

    /// Puts new names in force. A request that is under way sees them at its next `pick`.
    package func install(names update: NameTableUpdate) {
        resolver = TargetResolver(names: update.table, addressGuard: resolver.addressGuard)
        targets.invalidate(update.changed)
    }

    /// The listening addresses are known only when the sockets are bound.
    package func install(_ addressGuard: AddressGuard) {
        resolver = TargetResolver(names: resolver.names, addressGuard: addressGuard)
        targets.invalidate(nil)
    }

    /// Whether a check may connect to an endpoint of a target.
    package func mayConnect(to endpoint: Endpoint) -> Bool {
        resolver.addressGuard.objection(to: endpoint, endpointNetworks: []) == nil
    }

    /// Forgets targets that are out of use. About four times a second.
    package func tick(now: NIODeadline) {
        let isFirst = targets.now == .uptimeNanoseconds(0)
        targets.tick(now: now)
        splits.tick()
        if isFirst { keepNamedPools() }
        for pool in named {
            // An operator may have deployed other endpoints, which are checked from now on.
            refresh(pool)
            pool.markUse(now: now)
        }
    }

    // MARK: Admit to inspection

    /// Walks the stages from `admit` to `inspection`. Afterwards `route.decision` says whether the request is
    /// forwarded, redirected or responded to.
    ///
    /// - Parameters:
    ///   - source: the bytes that `head` was parsed from, at its reader index.
    ///   - route: reset, but for what `noteClient` found out.
    ///   - trace: filled with the result of each rule, where it is not nil.
    package func route(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        from connection: ConnectionInfo,
        into route: inout RequestRoute,
        trace: inout RouteTrace?
    ) throws(Failure) {
        try admit(head, source, &route)
        if let port = connection.listener?.httpsPort,
            let redirect = try HTTPSRedirect.decision(head, source, from: connection, port: port)
        {
            route.decision = CachedDecision(redirect)
            return
        }
        if head.method == .options, head.maxForwards == 0 {
            // No proxy may forward it (RFC 9110 §7.6.2): this one is the recipient.
            route.decision = CachedDecision(.responding(status: 200))
            return
        }
        try decide(head, source, connection, &route, &trace)
        try admitClient(head, source, connection, &route)
        if let target = route.decision?.forwarding, target.settings != nil {
            try note(head, source, from: connection, into: &route)
        }
        try limit(head, &route)
        // inspection: reads the head, and as much of the body as it needs, here.
    }

    /// Finds out who sent the request, for the log; once for a request.
    package func noteClient(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        from connection: ConnectionInfo,
        into route: inout RequestRoute
    ) {
        _ = client(head, source, connection, &route)
    }

    func client(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ connection: ConnectionInfo,
        _ route: inout RequestRoute
    ) -> IPAddress {
        if let client = route.client { return client }
        let client = ClientAddress.of(
            head,
            source,
            from: connection,
            trustedProxies: rules.settings.trustedProxies
        )
        route.client = client
        return client
    }

    private func admit(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ route: inout RequestRoute
    ) throws(Failure) {
        route.stage = .admit
        if rules.hasPassed(head, source) { throw Failure(.loopDetected) }
        // TRACE would show the fields that were added on the way (RFC 9110 §9.3.8).
        if head.method == .trace { throw Failure(.methodNotAllowed, "TRACE is not allowed") }
    }

    private func decide(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ connection: ConnectionInfo,
        _ route: inout RequestRoute,
        _ trace: inout RouteTrace?
    ) throws(Failure) {
        route.stage = .decide
        route.generation = generation
        let decision: CachedDecision
        if trace == nil, let cached = cached(head, source) {
            decision = cached
        } else {
            decision = try evaluate(head, source, connection, &route, &trace)
        }
        route.decision = decision
        if let refusal = decision.refusal { throw Failure(refusal) }
    }

    private func admitClient(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ connection: ConnectionInfo,
        _ route: inout RequestRoute
    ) throws(Failure) {
        route.stage = .access
        let access = ClientAccess(table: rules.table, scratch: scratch)
        let rule = route.decision?.decision.rule
        route.identity = try access.check(head, source, from: connection, rule)
    }

    /// What a handshake for a server name demands of the client.
    ///
    /// - Parameters:
    ///   - name: nil: the client sends none.
    ///   - standard: of the listener.
    package func clientPolicy(
        of name: HostName?,
        standard: ClientCertificates?
    ) -> HostClientPolicy {
        rules.table.clientPolicy(of: name, standard: standard, scratch: scratch)
    }

    private func limit(_ head: borrowing RequestHead, _ route: inout RequestRoute) throws(Failure) {
        route.stage = .limits
        guard let target = route.decision?.forwarding else { return }
        route.bodyLimit = rules.bodyLimit(target.forward)
        guard let limit = route.bodyLimit, case .length(let length) = head.framing, length > limit else {
            return
        }
        throw Failure(.bodyTooLarge)
    }

    // MARK: The rules' decision

    private func cached(_ head: borrowing RequestHead, _ source: ByteBuffer) -> CachedDecision? {
        guard isCaching, !head.host.isEmpty else { return nil }
        return cache.find(source.readableBytesUInt8Span.extracting(head.host.indices))?.cached
    }

    private func evaluate(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ connection: ConnectionInfo,
        _ route: inout RequestRoute,
        _ trace: inout RouteTrace?
    ) throws(Failure) -> CachedDecision {
        let host = try Self.host(head, source)
        route.host = host
        let client = client(head, source, connection, &route)
        let scheme = ClientScheme.of(head, source.readableBytesUInt8Span, from: connection)
        let decision = CachedDecision(
            evaluate(host, head, source, scheme, client, trusted: connection.trusted, &trace),
            pools: rules.table.pools,
            scratch: scratch
        )
        if isCaching, decision.decision.dependsOnHostAlone,
            head.host.count <= DataPathConstants.rememberedHostBytes,
            let raw = source.getBytes(at: source.readerIndex + head.host.lowerBound, length: head.host.count),
            cache.insert(DecisionCacheEntry(raw: raw, cached: decision))
        {
            decision.host = raw
        }
        return decision
    }

    /// The request's host, as rules see it.
    static func host(_ head: borrowing RequestHead, _ source: ByteBuffer) throws(Failure) -> HostName {
        guard !head.host.isEmpty else { throw Failure(RequestError.missingHost) }
        do {
            return try HostName(source.readableBytesUInt8Span.extracting(head.host.indices))
        } catch {
            throw Failure(
                .malformedRequest,
                "the host is not a valid hostname or address",
                detail: RequestError.badHost.token
            )
        }
    }

    private func evaluate(
        _ host: HostName,
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ scheme: RequestScheme,
        _ client: IPAddress,
        trusted: Bool,
        _ trace: inout RouteTrace?
    ) -> Decision {
        var recorded = trace
        defer { trace = recorded }
        return RequestKey.with(host, head, source, scheme, client, trusted) { key, headers in
            guard var recording = recorded else {
                return rules.table.decide(key, headers: headers, scratch: scratch)
            }
            defer { recorded = recording }
            return rules.table.decide(key, headers: headers, scratch: scratch, trace: &recording)
        }
    }

    // MARK: What endpoints are picked by

    /// What a target's balancing method picks an endpoint by; empty: nothing of the request.
    func balancingKey(
        _ head: borrowing RequestHead,
        _ source: ByteBuffer,
        _ connection: ConnectionInfo,
        _ settings: Pool,
        _ route: inout RequestRoute
    ) throws(Failure) -> [UInt8] {
        if settings.settings.method == .ipHash {
            return client(head, source, connection, &route).networkBytes
        }
        guard let hashKey = settings.hashKey else { return [] }
        let host = try Self.host(head, source)
        let client = client(head, source, connection, &route)
        let scheme = ClientScheme.of(head, source.readableBytesUInt8Span, from: connection)
        var bytes: [UInt8] = []
        RequestKey.with(host, head, source, scheme, client, connection.trusted) { key, headers in
            hashKey.append(key, headers: headers, to: &bytes)
        }
        return bytes
    }
}
