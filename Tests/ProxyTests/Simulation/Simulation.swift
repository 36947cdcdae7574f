import HTTP1
import NIOCore
import NIOEmbedded
import Names
import Routing
import Settings

@testable import Proxy
@testable import ProxyCore

/// One run of a whole worker among simulated clients, containers, faults and time. All
/// that happens follows from the seed.
///
/// Every third seed is calm: nothing fails on purpose, and so every request must get
/// the answer that its container gave.
final class Simulation {
    static let downstreamTimeout = TimeAmount.seconds(4)
    static let bodyLimit = 100
    /// What one socket may have waiting before it is unwritable: small, so that it happens.
    private static let high = 4_096
    private static let window = 6_000
    /// Time in which, without any help, everything must be over.
    private static let patience = TimeAmount.seconds(60)

    let ledger = Ledger()
    private let calm: Bool
    private var random: Random
    private let loop = EmbeddedEventLoop()
    private let worker: Worker
    private var clients: [SimulatedClient] = []
    private var containers: [SimulatedContainer] = []
    private var sockets: [SimulatedTransport] = []
    private var unopened: [SimulatedClient] = []

    /// The most bytes that one connection held.
    private(set) var mostHeld = 0

    init(seed: UInt64, tracing: Bool = false) throws {
        calm = seed % 3 == 0
        random = Random(seed: seed)
        if tracing { ledger.trace = [] }
        var settings = TierSettings(name: "front", instance: "simulation")
        settings.timeouts.header = .seconds(4)
        settings.timeouts.connect = .seconds(1)
        settings.timeouts.upstream = .seconds(4)
        settings.timeouts.downstream = Self.downstreamTimeout
        settings.timeouts.keepAlive = .seconds(5)
        settings.timeouts.idleUpstream = .seconds(3)
        settings.timeouts.tunnel = .seconds(6)
        worker = Worker(
            loop: loop,
            settings: settings,
            table: try SimulatedRules.table.get(),
            resolver: TargetResolver(
                names: SimulatedRules.names,
                addressGuard: AddressGuard(listening: [], ownAddresses: [])
            ),
            log: ledger,
            gate: ConnectionGate(settings.limits),
            seed: seed
        )
        worker.context.connect = { [unowned self] pool, timeout, done in connect(pool, timeout, done) }
        for number in 0..<(1 + random.below(4)) { addClient(number) }
    }

    private func addClient(_ number: Int) {
        let count = 1 + random.below(random.one(of: [2, 5, 8]))
        var plans: [RequestPlan] = []
        for index in 0..<count {
            plans.append(RequestPlan(id: "c\(number)-\(index)", random: &random, faults: !calm))
        }
        unopened.append(
            SimulatedClient(
                name: "client \(number)",
                plans: plans,
                wire: Wire(window: 1 + random.below(Self.window)),
                ledger: ledger,
                faults: !calm,
                seed: random.next()
            )
        )
    }

    /// Runs to the end.
    ///
    /// - Returns: what was wrong.
    func run() -> [String] {
        worker.start()
        loop.run()
        var steps = 0
        while steps < 3_000, ledger.violations.isEmpty, !unopened.isEmpty || !clients.allSatisfy(\.isDone) {
            step()
            steps += 1
        }
        settle()
        if ledger.violations.isEmpty { judge() }
        finish()
        return ledger.violations
    }

    // MARK: By chance

    private func step() {
        ledger.now = loop.now
        switch random.below(24) {
        case 0: pass(.milliseconds(Int64(1 + random.below(20))))
        case 1 where !calm && random.chance(1, in: 12):
            ledger.leaps += 1
            pass(.milliseconds(Int64(random.below(5_000))))
        case 1...2 where !unopened.isEmpty: open()
        case 1...8:
            if !clients.isEmpty { _ = clients[random.below(clients.count)].step(eager: false) }
        case 9...15:
            if !containers.isEmpty { _ = containers[random.below(containers.count)].step(eager: false) }
        default:
            if !sockets.isEmpty { _ = poll(sockets[random.below(sockets.count)]) }
        }
        check()
    }

    private func pass(_ time: TimeAmount) {
        loop.advanceTime(by: time)
        ledger.now = loop.now
    }

    private func open() {
        let client = unopened.removeFirst()
        ledger.note(
            "\(client.name) connects: \(client.plans.map { "\($0.method) \($0.host)\($0.target) \($0.content.count)\($0.flaw == nil ? "" : " malformed")" }), fault \(String(describing: client.fault))"
        )
        clients.append(client)
        let edge = ConnectionInfo(peer: IPAddress(v4: 0x0A00_0001), localPort: 80, trustedProxies: [])
        ledger.expect(worker.serve(socket(client.wire), of: edge), "\(client.name) was not let in")
    }

    private func socket(_ wire: Wire) -> SimulatedTransport {
        let socket = SimulatedTransport(wire: wire, low: Self.high / 4, high: Self.high)
        sockets.append(socket)
        return socket
    }

    private func poll(_ socket: SimulatedTransport) -> Bool {
        let readable = socket.isReadable
        let flushable = socket.isFlushable
        guard readable || flushable else { return false }
        if readable, !flushable || random.chance(1, in: 2) {
            socket.readable(1 + random.below(random.one(of: [20, 2_000, 16_000])))
        } else {
            socket.takeMore()
        }
        return true
    }

    /// What the worker calls instead of a bootstrap.
    private func connect(
        _ pool: Upstream,
        _ timeout: TimeAmount,
        _ done: @escaping (Result<any ExchangeUpstream, Failure>) -> Void
    ) {
        if !calm, random.chance(1, in: 12) {
            ledger.connectionFaults += 1
            switch random.below(3) {
            case 0:
                ledger.note("a connection to \(pool.endpoint) is refused at once")
                done(.failure(Failure(.connectionRefused)))
            case 1: later(.milliseconds(3)) { done(.failure(Failure(.connectionRefused))) }
            default: later(timeout) { done(.failure(Failure(.connectTimeout))) }
            }
            return
        }
        if random.chance(1, in: 4) {
            succeed(pool, done)
        } else {
            later(.milliseconds(Int64(random.below(30)))) { [unowned self] in succeed(pool, done) }
        }
    }

    private func succeed(_ pool: Upstream, _ done: (Result<any ExchangeUpstream, Failure>) -> Void) {
        let connection = made(pool)
        let (socket, container) = (sockets[sockets.count - 1], containers[containers.count - 1])
        done(.success(connection))
        // Its request may have ended meanwhile: then it is idle before it is first used, and may grow stale.
        container.wasIdleAtFirst = socket.waitingBytes == 0 && container.wire.fromBerth.isEmpty
    }

    private func later(_ time: TimeAmount, _ body: @escaping () -> Void) {
        loop.scheduleTask(in: time) { body() }
    }

    private func made(_ pool: Upstream) -> any ExchangeUpstream {
        let wire = Wire(window: 1 + random.below(Self.window))
        let container = SimulatedContainer(
            name: "container \(containers.count) at \(pool.endpoint)",
            wire: wire,
            ledger: ledger,
            faults: !calm,
            seed: random.next()
        )
        containers.append(container)
        return worker.upstreamConnection(to: pool, over: socket(wire))
    }

    // MARK: To the end

    /// No more chance: everybody does what they still mean to, and then time goes by.
    private func settle() {
        ledger.note("no more chance from here on")
        while !unopened.isEmpty { open() }
        let end = loop.now + Self.patience
        while loop.now < end, ledger.violations.isEmpty,
            sockets.contains(where: \.isOpen) || !containers.allSatisfy(\.wire.farClosed)
        {
            var rounds = 0
            while everybodyMoves(), rounds < 20_000, ledger.violations.isEmpty { rounds += 1 }
            check()
            pass(DataPathConstants.tick)
        }
        // What Berth said last is still heard.
        while everybodyMoves() {}
    }

    private func everybodyMoves() -> Bool {
        var moved = false
        for client in clients where client.step(eager: true) { moved = true }
        for container in containers where container.step(eager: true) { moved = true }
        for socket in sockets where poll(socket) { moved = true }
        return moved
    }

    /// What must hold at every moment.
    private func check() {
        for socket in sockets { mostHeld = max(mostHeld, socket.waitingBytes) }
        for connection in worker.connections.all {
            mostHeld = max(mostHeld, (connection as? DownstreamConnection)?.inbound.readableBytes ?? 0)
        }
        ledger.expect(mostHeld <= Self.mayHold, "a connection holds \(mostHeld) bytes")
    }

    /// What a connection may hold: what was allowed to wait, a head, and all that a kernel held behind
    /// an end, in the smallest chunks.
    private static let mayHold =
        high + DataPathConstants.heldBytes + HeadLimits.default.headBytes + 6 * Wire.capacity

    private func judge() {
        ledger.expect(
            worker.connections.isEmpty,
            "\(worker.connections.all.count) downstream connections are left"
        )
        ledger.expect(
            !sockets.contains(where: \.isOpen),
            "\(sockets.filter(\.isOpen).count) sockets are left open"
        )
        for client in clients { client.judge(calm: calm) }
        ledger.judgeRecords(requests: Int(worker.context.counters.requests))
    }

    private func finish() {
        worker.drain().whenComplete { _ in }
        _ = worker.stop()
        loop.run()
        for socket in sockets { socket.close() }
        pass(Self.patience)
        try? loop.syncShutdownGracefully()
    }
}
