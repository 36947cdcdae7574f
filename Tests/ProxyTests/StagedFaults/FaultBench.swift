import NIOCore
import NIOEmbedded
import Names
import Routing
import Settings

@testable import Proxy
@testable import ProxyCore

/// A worker between far ends that a test plays move by move: no sockets, no threads, and a clock of its own.
final class FaultBench {
    /// One far end of a connection.
    final class Peer {
        let wire: Wire
        let transport: SimulatedTransport
        /// Of an upstream connection.
        var endpoint: Endpoint?
        /// Takes what comes, at each `settle`.
        var reads = true
        /// All that has come.
        private(set) var bytes: [UInt8] = []

        init(window: Int) {
            wire = Wire(window: window)
            transport = SimulatedTransport(wire: wire)
        }

        var heard: String { String(decoding: bytes, as: UTF8.self) }

        func say(_ text: String) { wire.send(Array(text.utf8)[...]) }

        func take(_ count: Int) { bytes += wire.receive(count) }

        /// What has come since the last call.
        func takeHeard() -> String {
            defer { bytes = [] }
            return heard
        }

        /// Berth has closed at least its half.
        var isToldTheEnd: Bool { wire.berthFinished || wire.berthClosed || wire.berthReset }
    }

    /// What comes of the next attempts to connect.
    enum Connecting {
        case works
        case fails(Failure.Reason)
        /// As long as some connection is idle: each has one of the last descriptors.
        case needsDescriptors
        case hangs
        /// Works, when the test says so (`connectNow`).
        case waits
    }

    static let endpoint = Endpoint(address: IPAddress(v4: 0x0A01_0001), port: 80)

    /// The endpoints of the target `pair`.
    static let pair = [endpoint, Endpoint(address: IPAddress(v4: 0x0A01_0009), port: 80)].map {
        NamedAddress(address: $0.address, port: $0.port)
    }

    let loop = EmbeddedEventLoop()
    let log = BenchLog()
    let worker: Worker
    let targets: SharedTargets
    var connecting = Connecting.works
    /// The endpoint that `connecting` concerns; nil: all.
    var concerned: Endpoint?
    /// Bytes that a far end's kernel holds for it.
    var window = 1 << 20
    private(set) var upstreams: [Peer] = []
    private(set) var clients: [Peer] = []
    private var waiting: [() -> Void] = []

    /// - Parameters:
    ///   - pools: of the targets.
    ///   - targets: what other benches share: they are the other loops of a tier.
    init(
        pools: [PoolDefinition] = [],
        targets: SharedTargets = SharedTargets(),
        configure: (inout TierSettings) -> Void = { _ in }
    ) throws {
        var settings = TierSettings(name: "front", instance: "bench")
        settings.timeouts.header = .seconds(4)
        settings.timeouts.connect = .seconds(1)
        settings.timeouts.upstream = .seconds(4)
        settings.timeouts.downstream = .seconds(4)
        configure(&settings)
        self.targets = targets
        worker = Worker(
            loop: loop,
            settings: settings,
            table: try RouteTable(
                [
                    RuleDefinition(name: "other", host: "other.test", action: .forward(to: "10.1.0.2:80")),
                    RuleDefinition(name: "pair", host: "pair.test", action: .forward(to: "pair")),
                    RuleDefinition(name: "all", action: .forward(to: "10.1.0.1:80")),
                ],
                pools: try PoolTable(pools)
            ),
            resolver: TargetResolver(
                names: NameTable(layers: [NameLayer(source: "static", names: ["pair": Self.pair])]),
                addressGuard: AddressGuard(listening: [], ownAddresses: [])
            ),
            log: log,
            gate: ConnectionGate(settings.limits),
            targets: targets,
            seed: 1
        )
        worker.context.connect = { [unowned self] pool, timeout, done in connect(pool, timeout, done) }
        worker.start()
        loop.run()
    }

    private func connect(
        _ pool: Upstream,
        _ timeout: TimeAmount,
        _ done: @escaping (Result<any ExchangeUpstream, Failure>) -> Void
    ) {
        let make = { [unowned self] in
            let peer = Peer(window: window)
            peer.endpoint = pool.endpoint
            upstreams.append(peer)
            done(.success(worker.upstreamConnection(to: pool, over: peer.transport)))
        }
        if let concerned, pool.endpoint != concerned { return make() }
        switch connecting {
        case .works: make()
        case .fails(let reason): done(.failure(Failure(reason)))
        case .needsDescriptors:
            if idleUpstreams > 0 { done(.failure(Failure(.outOfDescriptors))) } else { make() }
        case .hangs: loop.scheduleTask(in: timeout) { done(.failure(Failure(.connectTimeout))) }
        case .waits: waiting.append(make)
        }
    }

    func connectNow() {
        let made = waiting
        waiting = []
        for make in made { make() }
        settle()
    }

    /// Anybody on the internet.
    private static let edge = ConnectionInfo(
        peer: IPAddress(v4: 0x0A00_0001),
        localPort: 80,
        trustedProxies: []
    )

    func client(_ connection: ConnectionInfo = edge) -> Peer {
        let peer = Peer(window: window)
        worker.serve(peer.transport, of: connection)
        clients.append(peer)
        return peer
    }

    /// Lets everything happen that happens without time.
    ///
    /// - Parameter read: the most bytes that one read brings.
    func settle(read: Int = 16_000) {
        var moved = true
        while moved {
            moved = false
            loop.run()
            for peer in clients + upstreams {
                while peer.transport.isReadable {
                    peer.transport.readable(read)
                    moved = true
                }
                if peer.transport.isFlushable {
                    peer.transport.takeMore()
                    moved = true
                }
                if peer.reads, !peer.wire.fromBerth.isEmpty, !peer.wire.farClosed {
                    peer.take(.max)
                    moved = true
                }
            }
        }
    }

    /// Lets time go by, tick by tick.
    func pass(_ time: TimeAmount) {
        let end = loop.now + time
        while loop.now < end {
            loop.advanceTime(by: DataPathConstants.tick)
            settle()
        }
    }

    /// How many connections wait for work.
    var idleUpstreams: Int { worker.context.upstreams.upstream(Self.endpoint, identity: nil).idle.count }

    private var requestsInFlight: Int {
        worker.context.upstreams.upstream(Self.endpoint, identity: nil).requestsInFlight
    }

    /// Nothing is left of any client: neither a connection, nor its place at the gate, nor anything upstream but
    /// what waits for work.
    var isClean: Bool {
        worker.connections.isEmpty && worker.gate.count == 0 && !clients.contains { $0.transport.isOpen }
            && upstreams.count { $0.transport.isOpen } == idleUpstreams && requestsInFlight == 0
    }

    func end() {
        worker.drain().whenComplete { _ in }
        _ = worker.stop()
        loop.run()
        for peer in clients + upstreams where peer.transport.isOpen { peer.transport.close() }
        loop.run()
        try? loop.syncShutdownGracefully()
    }
}

/// The access log of a bench.
final class BenchLog: ExchangeLog {
    struct Line: Equatable {
        var status: Int
        var cause: Failure.Reason?
    }

    private(set) var lines: [Line] = []

    func record(_ record: ExchangeRecord) {
        lines.append(Line(status: record.status, cause: record.failure?.reason))
    }

    func flush() {}
}
