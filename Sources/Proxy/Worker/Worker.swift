import CMalloc
import HTTP1
package import Names
package import NIOCore
package import ProxyCore
package import Routing
import Settings
import TLS

/// One event loop of a tier: its connections, and what they share.
///
/// `@unchecked Sendable`: made anywhere, and from then on used on `loop` alone (`install`, `drain` and the rest hop
/// onto it).
package final class Worker: @unchecked Sendable {
    package let loop: any EventLoop
    let context: ExchangeContext
    let gate: ConnectionGate
    let prober: HealthProber
    /// The head that was parsed last: valid until the next one is.
    var requestHead = RequestHead()
    var responseHead = ResponseHead()
    var scratch = Scratch()
    private(set) var connections = ConnectionList()
    /// A client spoke another protocol. To be set before the first connection.
    var otherProtocol: OtherProtocolReport?

    /// Of the targets with `https`. To be set before the first connection.
    var upstreamSecurity = UpstreamSecurity()

    /// Of the TLS connections of this loop.
    private(set) lazy var tlsMemory = TLSMemory()
    /// What the HTTP/2 connections of this loop share.
    let http2 = HTTP2Streams()
    private var heapTrimmer = HeapTrimmer()
    private var ticking: RepeatedTask?
    private var drained: EventLoopPromise<Void>?
    private var idleEnds: IdleEnds?
    /// Learns that the loop turns.
    var pulse: (@Sendable (NIODeadline) -> Void)?

    /// - Parameters:
    ///   - nameResolver: for names that the table does not hold; nil: they are unknown.
    ///   - log: receives a record of each exchange; nil for none.
    ///   - gate: of the tier: counts the connections of all its loops.
    ///   - targets: of the tier: what all its loops know of targets.
    ///   - share: which of the tier's loops it is.
    ///   - seed: of request ids and of positions in tables.
    init(
        loop: any EventLoop,
        settings: TierSettings,
        table: RouteTable,
        resolver: TargetResolver,
        nameResolver: (any NameResolver)? = nil,
        log: (any ExchangeLog)?,
        gate: ConnectionGate,
        targets: SharedTargets = SharedTargets(),
        share: (index: Int, loops: Int) = (0, 1),
        seed: UInt64
    ) {
        self.loop = loop
        self.gate = gate
        var random = Random(seed: seed)
        let upstreams = Upstreams(
            idleLimit: settings.limits.idlePerEndpoint,
            idleTimeout: settings.timeouts.idleUpstream,
            shared: targets.endpoints
        )
        self.prober = HealthProber(targets.endpoints, share: share, seed: ~seed) { loop.now }
        self.context = ExchangeContext(
            loop: loop,
            settings: settings,
            stages: RequestStages(
                settings: settings,
                table: table,
                names: resolver.names,
                addressGuard: resolver.addressGuard,
                canWait: nameResolver != nil,
                upstreams: upstreams,
                shared: targets,
                seed: random.next(),
                poolSeed: share.index == 0 ? 0 : random.next()
            ),
            upstreams: upstreams,
            names: nameResolver.map { NameWaits(loop: loop, resolver: $0) },
            log: log,
            random: random
        )
    }

    /// The loop's time: a test's loop has its own.
    var now: NIODeadline { loop.now }

    /// Begins the tick that walks the deadlines.
    package func start() {
        loop.execute { [self] in
            ticking = loop.scheduleRepeatedTask(
                initialDelay: DataPathConstants.tick,
                delay: DataPathConstants.tick
            ) { [self] _ in
                // Until `stop`.
                tick(now: now)
            }
        }
    }

    // MARK: What changes

    /// Puts new rules and settings in force, and the names that belong to them. Exchanges that run keep the rules they
    /// began with; upstream connections stay.
    package func install(table: RouteTable, settings: TierSettings, names: NameTable) {
        loop.execute { [self] in
            context.settings = settings
            keepTraces()
            context.upstreams.idleLimit = settings.limits.idlePerEndpoint
            context.upstreams.idleTimeout = settings.timeouts.idleUpstream
            context.stages.install(table: table, settings: settings, names: names)
            context.metrics?.install(settings.metrics, now: now)
        }
    }

    /// Puts new names in force. Exchanges that run see them where they pick another endpoint.
    package func install(names update: NameTableUpdate) {
        loop.execute { [self] in context.stages.install(names: update) }
    }

    /// The guard knows the listening addresses only when the sockets are bound.
    func install(_ addressGuard: AddressGuard) {
        loop.execute { [self] in context.stages.install(addressGuard) }
    }

    // MARK: Commands

    /// What the loop has now. Fails where it has ended.
    ///
    /// - Parameter name: of a target or a pool; nil: all targets.
    func snapshot(of name: String? = nil) -> EventLoopFuture<LoopSnapshot> {
        loop.submit { [self] in
            LoopSnapshot(
                targets: context.stages.targetSnapshots(of: name),
                checks: prober.schedule,
                holds: context.holds.all,
                splits: context.stages.splitSnapshots,
                pools: context.stages.rules.table.pools.pools
            )
        }
    }

    /// An operator has changed the state of an endpoint.
    func stateChanged(of endpoint: SharedEndpoint) -> EventLoopFuture<Void> {
        loop.submit { [self] in context.stages.stateChanged(of: endpoint) }
    }

    /// - Parameter hold: nil: requests of the target go on.
    func set(_ hold: TargetHold?, for target: String) -> EventLoopFuture<Void> {
        loop.submit { [self] in context.holds.set(hold, for: target) }
    }

    /// - Parameter weights: nil: those of the rule file.
    func set(_ weights: SplitWeights?, ofSplit name: String) -> EventLoopFuture<Void> {
        loop.submit { [self] in context.stages.set(weights, ofSplit: name) }
    }

    // MARK: The end

    /// Lets what runs finish, closes what idles; done when the last connection is gone.
    ///
    /// - Parameters:
    ///   - limit: for what runs; WebSockets may have one of their own. Nil: there is none.
    ///   - idle: what idles closes spread over this time; 0: at once.
    package func drain(limit: TimeAmount? = nil, idle: TimeAmount = .zero) -> EventLoopFuture<Void> {
        loop.flatSubmit { [self] in
            if let drained { return drained.futureResult }
            context.isDraining = true
            if let limit {
                let webSockets = context.settings.timeouts.drainWebSocket ?? limit
                context.drainEnd = DrainEnd(requests: now + limit, webSockets: now + webSockets)
            }
            let promise = loop.makePromise(of: Void.self)
            drained = promise
            if idle > .zero {
                context.keepsIdle = true
                idleEnds = IdleEnds(from: now, over: idle, interval: DataPathConstants.tick)
            } else {
                for connection in connections.all { connection.drain() }
            }
            finishDrainIfEmpty()
            return promise.futureResult
        }
    }

    /// Breaks off whatever still runs and ends the worker.
    package func stop() -> EventLoopFuture<Counters> {
        loop.submit { [self] in
            context.isDraining = true
            for connection in connections.all { connection.drainExpired() }
            context.upstreams.closeIdle()
            ticking?.cancel()
            ticking = nil
            prober.stop()
            context.log?.flush()
            context.metrics?.handLedgerOver()
            context.traceLog?.flush()
            return context.counters
        }
    }

    private func finishDrainIfEmpty() {
        guard connections.isEmpty, let promise = drained else { return }
        context.upstreams.closeIdle()
        context.log?.flush()
        promise.succeed(())
    }

    // MARK: On the loop

    func tick(now: NIODeadline) {
        for connection in connections.all { connection.tick(now: now) }
        context.tick(now: now)
        if !context.isDraining {
            prober.tick(now: now) { [stages = context.stages] in stages.mayConnect(to: $0) }
        }
        if let idleEnds { endIdle(idleEnds, now: now) }
        pulse?(now)
        if heapTrimmer.isDue(connections: gate.count, now: now) { malloc_trim(0) }
    }

    private func endIdle(_ ends: IdleEnds, now: NIODeadline) {
        guard !ends.areOver(now: now) else {
            idleEnds = nil
            context.keepsIdle = false
            for connection in connections.all { connection.drain() }
            return
        }
        let waiting = connections.all.filter { $0.isToDrain }
        for connection in waiting.prefix(ends.count(of: waiting.count, now: now)) { connection.drain() }
    }

    /// Closes a connection that only waits for its next request, so that another one has a place.
    ///
    /// - Returns: whether there was one.
    func makeRoom() -> Bool {
        guard let connection = connections.next(of: Self.roomSearch, where: \.isDispensable) else {
            return false
        }
        connection.abort(resets: false)
        return true
    }

    /// Connections that are looked at to make room for one.
    private static let roomSearch = 64

    func opened(_ connection: any ClientConnection) {
        context.counters.connections &+= 1
        connections.insert(connection, opened: now)
    }

    /// The connection goes on as another one, with another protocol.
    func replace(_ connection: any ClientConnection, by other: any ClientConnection) {
        connections.replace(connection, by: other)
    }

    func closed(_ connection: any ClientConnection) {
        guard connections.remove(connection) else { return }
        gate.leave(connection.connection.peer)
        finishDrainIfEmpty()
    }
}

/// Buffers that live for one event and are used again by the next.
struct Scratch {
    /// Collected output, on its way into one write.
    var out = ByteBuffer()
    /// Ranges of a body that pass on.
    var runs: [Range<Int>] = []
}
