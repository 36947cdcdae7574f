package import ProxyCore
import CMalloc
import HTTP1
package import Names
package import NIOCore
package import Routing
import Settings

/// Everything that one event loop needs to serve its connections. Nothing here is
/// shared: a connection, its upstream connections, the remembered hosts and the
/// counters all belong to the one loop, and so there is no lock on the path.
///
/// `@unchecked Sendable`: made anywhere, and from then on used on `loop` alone
/// (`install`, `drain` and the rest hop onto it).
package final class Worker: @unchecked Sendable {
    package let loop: any EventLoop
    package private(set) var settings: TierSettings

    /// What each request goes through before it is sent on.
    let stages: RequestStages
    let log: (any ExchangeLog)?
    let gate: ConnectionGate
    /// Makes upstream connections; a test without sockets puts its own in place.
    var connect: UpstreamConnector = connectSocket
    var random: Random
    /// Exchanges that wait for names, and who is asked for them; nil: what is not known is unknown.
    var waiting = NameWaiters()
    let asker: (any NameResolver)?
    let upstreams: Upstreams
    /// The head that was parsed last: valid until the next one is.
    var requestHead = RequestHead()
    var answerHead = ResponseHead()
    var scratch = Scratch()
    var connections = ConnectionList()
    var counters = Counters()
    var draining = false
    var clock = WallClock()
    private var crowd = HeapTrimmer()

    private var ticking: RepeatedTask?
    private var drained: EventLoopPromise<Void>?

    /// - Parameters:
    ///   - log: takes a record of each exchange; nil for none.
    ///   - gate: of the tier: counts the connections of all its loops.
    ///   - seed: of request ids and of the places in tables.
    init(
        loop: any EventLoop,
        settings: TierSettings,
        table: RouteTable,
        resolver: TargetResolver,
        asker: (any NameResolver)? = nil,
        log: (any ExchangeLog)?,
        gate: ConnectionGate,
        seed: UInt64
    ) {
        self.loop = loop
        self.settings = settings
        self.asker = asker
        self.log = log
        self.gate = gate
        self.random = Random(seed: seed)
        let stagesSeed = random.next()
        self.upstreams = Upstreams(
            idleLimit: settings.limits.idlePerEndpoint,
            idleTimeout: settings.timeouts.idleUpstream
        )
        self.stages = RequestStages(
            settings: settings,
            table: table,
            names: resolver.names,
            addressGuard: resolver.addressGuard,
            canWait: asker != nil,
            upstreams: upstreams,
            seed: stagesSeed
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
            ) {
                [weak self] _ in
                guard let self else { return }
                tick(now: now)
            }
        }
    }

    /// Puts new rules and settings in force, and the names that belong to them. Exchanges that run
    /// keep the rules they began with; upstream connections stay.
    package func install(table: RouteTable, settings: TierSettings, names: NameTable) {
        loop.execute { [self] in
            self.settings = settings
            upstreams.idleLimit = settings.limits.idlePerEndpoint
            upstreams.idleTimeout = settings.timeouts.idleUpstream
            stages.install(table: table, settings: settings, names: names)
        }
    }

    /// The guard knows the listening addresses only when the sockets are bound.
    func install(_ addressGuard: AddressGuard) {
        loop.execute { [self] in stages.install(addressGuard) }
    }

    /// Lets what runs finish, closes what idles; done when the last connection is gone.
    package func drain() -> EventLoopFuture<Void> {
        loop.flatSubmit { [self] in
            if let drained { return drained.futureResult }
            draining = true
            let promise = loop.makePromise(of: Void.self)
            drained = promise
            for connection in connections.all { connection.drain() }
            finishDrainIfEmpty()
            return promise.futureResult
        }
    }

    /// Breaks off whatever still runs and ends the worker.
    package func stop() -> EventLoopFuture<Counters> {
        loop.submit { [self] in
            draining = true
            for connection in connections.all { connection.breakOff() }
            upstreams.closeIdle()
            ticking?.cancel()
            ticking = nil
            log?.flush()
            return counters
        }
    }

    func tick(now: NIODeadline) {
        clock.refresh()
        for connection in connections.all { connection.tick(now: now) }
        stages.tick(now: now)
        upstreams.tick(now: now)
        tickNames(now: now)
        log?.flush()
        if crowd.hasLeft(connections.all.count) { malloc_trim(0) }
    }

    func opened(_ connection: DownstreamConnection) {
        counters.connections &+= 1
        connections.insert(connection)
    }

    func closed(_ connection: DownstreamConnection) {
        guard connections.remove(connection) else { return }
        gate.leave(connection.edge.peer)
        finishDrainIfEmpty()
    }

    private func finishDrainIfEmpty() {
        guard connections.isEmpty, let promise = drained else { return }
        upstreams.closeIdle()
        log?.flush()
        promise.succeed(())
    }
}

/// Notices when most of a crowd of connections has left: then the allocator is asked to give
/// back to the system what it keeps (it does not by itself, and it takes some milliseconds).
struct HeapTrimmer {
    /// Fewer are no crowd.
    static let least = 1024
    private var most = 0

    /// - Parameter count: how many there are now.
    mutating func hasLeft(_ count: Int) -> Bool {
        most = max(most, count)
        guard most >= Self.least, count <= most / 4 else { return false }
        most = count
        return true
    }
}

/// Buffers that live for one event and are used again by the next.
struct Scratch {
    /// Collected output, on its way into one write.
    var out = ByteBuffer()
    /// Ranges of a body that pass on.
    var runs: [Range<Int>] = []
}

/// What one event loop has counted since it started.
package struct Counters: Sendable {
    package internal(set) var connections: UInt64 = 0
    /// Connections closed at once, over `limits.connections` or `connections_per_client`.
    package internal(set) var rejected: UInt64 = 0
    package internal(set) var requests: UInt64 = 0
    package internal(set) var retries: UInt64 = 0
    /// Exchanges that failed, by reason.
    package internal(set) var failures: [Failure.Reason: UInt64] = [:]

    package init() {}

    package mutating func add(_ other: Counters) {
        connections &+= other.connections
        rejected &+= other.rejected
        requests &+= other.requests
        retries &+= other.retries
        failures.merge(other.failures) { $0 &+ $1 }
    }
}

/// The open downstream connections of a loop, in no order; each knows its own place.
struct ConnectionList {
    private(set) var all: [DownstreamConnection] = []

    var isEmpty: Bool { all.isEmpty }

    mutating func insert(_ connection: DownstreamConnection) {
        connection.place = all.count
        all.append(connection)
    }

    /// False when it was not there.
    mutating func remove(_ connection: DownstreamConnection) -> Bool {
        let place = connection.place
        guard all.indices.contains(place), all[place] === connection else { return false }
        connection.place = -1
        let last = all.removeLast()
        if last !== connection {
            all[place] = last
            last.place = place
        }
        return true
    }
}
