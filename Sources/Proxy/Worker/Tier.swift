package import ProxyCore
package import Names
import EpollLoop
import NIOConcurrencyHelpers
import NIOCore
package import Routing
import Settings
import SystemSupport
import TLS

/// Reports a client that speaks another protocol than HTTP/1: which one, who, and to which port.
package typealias OtherProtocolReport =
    @Sendable (_ name: StaticString, _ peer: IPAddress, _ port: UInt16) -> Void

/// A running tier: its listeners, and a worker on each event loop. Front and local
/// are the same data plane with other rules.
package final class Tier: Sendable {
    /// As they were at the start.
    package let settings: TierSettings
    /// Where it listens, with the ports that were chosen.
    package let endpoints: [Endpoint]
    /// What the loops know of endpoints together.
    package let sharedEndpoints: SharedEndpoints
    let workers: [Worker]
    private let loops: [EpollLoop]
    private let listeners: [Listener]
    private let gate: ConnectionGate
    /// The end, once it has begun.
    private let ending = NIOLockedValueBox<Task<Counters, Never>?>(nil)
    private let controlPlane: ControlPlaneGuard
    /// How long WebSockets may go on in a tier that drains; nil: as other requests.
    private let webSocketTime: NIOLockedValueBox<TimeAmount?>
    private let rules: NIOLockedValueBox<RouteTable>

    private init(
        settings: TierSettings,
        workers: [Worker],
        loops: [EpollLoop],
        listeners: [Listener],
        gate: ConnectionGate,
        sharedEndpoints: SharedEndpoints,
        controlPlane: ControlPlaneGuard,
        table: RouteTable
    ) {
        rules = NIOLockedValueBox(table)
        self.sharedEndpoints = sharedEndpoints
        self.settings = settings
        self.webSocketTime = NIOLockedValueBox(settings.timeouts.drainWebSocket)
        self.controlPlane = controlPlane
        self.gate = gate
        self.workers = workers
        self.loops = loops
        self.listeners = listeners
        self.endpoints = listeners.map(\.endpoint)
    }

    /// Binds all addresses and begins to serve.
    ///
    /// - Parameters:
    ///   - plans: the addresses. Redirects to `https` lead to the port of the first listener with certificates.
    ///   - names: what is known at the start.
    ///   - nameResolver: for names that the table does not hold; nil: they are unknown.
    ///   - sharesPorts: another instance may listen at the same addresses.
    ///   - defersAccept: a connection is accepted when its first bytes have arrived (TCP_DEFER_ACCEPT).
    ///   - loops: how many event loops, each with a thread.
    ///   - makeLog: the access log of one event loop; nil for none.
    ///   - seed: of request ids and of places in tables.
    ///   - otherProtocol: called on an event loop when a client speaks another protocol than HTTP/1.
    ///   - handshakeReport: called on an event loop when a TLS handshake fails.
    ///   - healthReport: called when the health of an endpoint changes.
    ///   - commands: what operators have set, in force from the first request on.
    ///   - stateEnded: called when new settings end a state that an operator has set.
    /// - Throws: `ListenError`; then nothing is served.
    package static func start(
        settings: TierSettings,
        table: RouteTable,
        names: NameTable,
        nameResolver: (any NameResolver)? = nil,
        listen plans: [ListenerPlan],
        sharesPorts: Bool = false,
        defersAccept: Bool = false,
        loops: Int,
        seed: UInt64,
        otherProtocol: OtherProtocolReport? = nil,
        handshakeReport: HandshakeReport? = nil,
        healthReport: HealthReport? = nil,
        commands: TierCommands = TierCommands(),
        stateEnded: (@Sendable () -> Void)? = nil,
        makeLog: () -> (any ExchangeLog)?
    ) throws(ListenError) -> Tier {
        let listen = plans.map(\.endpoint)
        try checkAddresses(listen)
        let secure = try secureListening(plans, handshakeReport)
        var random = Random(seed: seed)
        var settings = settings
        settings.fit(descriptors: DescriptorLimit.current, loops: loops)
        // Good from the first connection on, but for port 0, which is known when it is bound.
        let ownAddresses = Self.ownAddresses()
        let resolver = TargetResolver(
            names: names,
            addressGuard: AddressGuard(
                listening: listen,
                ownAddresses: ownAddresses,
                controlPlane: settings.controlPlane,
                openPorts: OpenPorts.read()
            )
        )
        let gate = ConnectionGate(settings.limits)
        let targets = SharedTargets(
            endpoints: SharedEndpoints(report: healthReport, stateEnded: stateEnded),
            sign: TokenSignature.sign
        )
        for state in commands.states { targets.endpoints.restore(state, now: .now()) }
        let running: [(worker: Worker, loop: EpollLoop)]
        var listeners: [Listener] = []
        let loops = try startLoops(loops, for: listen)
        do throws(ListenError) {
            running = loops.enumerated().map { index, loop in
                let worker = Worker(
                    loop: loop,
                    settings: settings,
                    table: table,
                    resolver: resolver,
                    nameResolver: nameResolver,
                    log: makeLog(),
                    gate: gate,
                    targets: targets,
                    share: (index, loops.count),
                    seed: random.next()
                )
                worker.otherProtocol = otherProtocol
                worker.context.connect = { [unowned worker] upstream, timeout, done in
                    UpstreamConnector.connect(
                        to: upstream,
                        worker: worker,
                        loop: loop,
                        timeout: timeout,
                        done: done
                    )
                }
                worker.prober.connect = { endpoint, timeout, done in
                    UpstreamConnector.connect(to: endpoint, loop: loop, timeout: timeout, done: done)
                }
                return (worker, loop)
            }
            for plan in plans {
                let endpoint = plan.endpoint
                var options = ListeningSocket.Options()
                options.defersAccept = defersAccept
                // Else `[::]` has IPv4 too.
                options.ipv6Only = listen.contains { $0.address.isIPv4 && $0.port == endpoint.port }
                listeners.append(try Listener(plan, options, sharesPort: sharesPorts, on: running))
            }
        } catch {
            for loop in loops { loop.stop {} }
            throw error
        }
        let workers = running.map(\.worker)
        let controlPlane = ControlPlaneGuard(
            listening: listeners.map(\.endpoint),
            ownAddresses: ownAddresses,
            settings.controlPlane
        )
        let addressGuard = controlPlane.addressGuard
        for worker in workers {
            worker.install(addressGuard)
            for (name, hold) in commands.holds { _ = worker.set(hold, for: name) }
            worker.start()
        }
        let httpsPort = httpsPort(listeners)
        for listener in listeners { listener.begin(secure, httpsPort: httpsPort) }
        return Tier(
            settings: settings,
            workers: workers,
            loops: loops,
            listeners: listeners,
            gate: gate,
            sharedEndpoints: targets.endpoints,
            controlPlane: controlPlane,
            table: table
        )
    }

    /// Two sockets of one process could share an address, and connections would find one of them by chance.
    private static func checkAddresses(_ listen: [Endpoint]) throws(ListenError) {
        var seen: Set<Endpoint> = []
        for endpoint in listen where endpoint.port != 0 && !seen.insert(endpoint).inserted {
            throw ListenError(endpoint: endpoint, reason: "two listeners have this address")
        }
    }

    /// - Throws: where the TLS library refuses its settings.
    private static func secureListening(
        _ plans: [ListenerPlan],
        _ report: HandshakeReport?
    ) throws(ListenError) -> SecureListening? {
        guard let plan = plans.first(where: { $0.certificates != nil }) else { return nil }
        do {
            return SecureListening(context: try TLSContext(), report: report)
        } catch {
            throw ListenError(endpoint: plan.endpoint, reason: "TLS: \(error.detail)")
        }
    }

    /// Where redirects to `https` lead.
    private static func httpsPort(_ listeners: [Listener]) -> UInt16 {
        listeners.first { $0.plan.certificates != nil }?.endpoint.port ?? 443
    }

    private static func startLoops(_ count: Int, for listen: [Endpoint]) throws(ListenError) -> [EpollLoop] {
        var loops: [EpollLoop] = []
        do throws(SocketError) {
            for number in 0..<count {
                let loop = try EpollLoop()
                try loop.start(name: "berth-loop-\(number)")
                loops.append(loop)
            }
        } catch {
            for loop in loops { loop.stop {} }
            throw ListenError(listen[0], error)
        }
        return loops
    }

    /// For tests of what a worker holds.
    var aWorker: Worker { workers[0] }

    /// The rules in force.
    package var table: RouteTable { rules.withLockedValue { $0 } }

    /// New names, on every loop.
    package func install(names: NameTableUpdate) {
        for worker in workers { worker.install(names: names) }
    }

    /// New rules and settings, with the names that belong to them, on every loop. Connections that are open keep what their address was
    /// found to be (`trusted_proxies`); `name` and `instance` stay as they were at the start.
    package func install(table: RouteTable, settings: TierSettings, names: NameTable) {
        var settings = settings
        settings.name = self.settings.name
        settings.instance = self.settings.instance
        settings.fit(descriptors: DescriptorLimit.current, loops: loops.count)
        gate.set(settings.limits)
        webSocketTime.withLockedValue { $0 = settings.timeouts.drainWebSocket }
        rules.withLockedValue { $0 = table }
        install(controlPlane.replace(settings.controlPlane))
        for worker in workers { worker.install(table: table, settings: settings, names: names) }
    }

    /// More endpoints that no request may reach: registries whose addresses became known later.
    package func protect(_ endpoints: [Endpoint]) {
        install(controlPlane.add(endpoints))
    }

    private func install(_ addressGuard: AddressGuard?) {
        guard let addressGuard else { return }
        for worker in workers { worker.install(addressGuard) }
    }

    /// Stops accepting and lets what runs finish, for `limit` at most, and WebSockets for their own time; where the tier ends
    /// already, for what it was given then.
    ///
    /// - Returns: what the tier has counted.
    package func shutDown(limit: Duration) async -> Counters {
        let task = ending.withLockedValue { ending in
            let task = ending ?? Task { await end(limit: limit) }
            ending = task
            return task
        }
        return await task.value
    }

    private func end(limit: Duration) async -> Counters {
        for listener in listeners { await listener.close() }
        let drained = workers.map { $0.drain(limit: TimeAmount(limit)) }
        let webSockets = webSocketTime.withLockedValue { $0 }.map { Duration.nanoseconds($0.nanoseconds) }
        let longest = limit > .zero ? max(limit, webSockets ?? .zero) + Self.lastTime : limit
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for future in drained { try? await future.get() }
            }
            group.addTask { try? await Task.sleep(for: longest) }
            await group.next()
            group.cancelAll()
            // Whoever still waits for the drain is released by this.
            for worker in workers { _ = try? await worker.stop().get() }
        }
        var counters = Counters()
        for worker in workers {
            if let counted = try? await worker.stop().get() { counters.add(counted) }
        }
        for loop in loops {
            await withCheckedContinuation { continuation in loop.stop { continuation.resume() } }
        }
        return counters
    }

    /// After the limits of what drains: for orderly ends. The loops end what runs themselves.
    private static let lastTime = Duration.seconds(3)

    /// The addresses of this machine's interfaces.
    package static func ownAddresses() -> [IPAddress] {
        guard let devices = try? System.enumerateDevices() else { return [] }
        return devices.compactMap { $0.address.flatMap(IPAddress.init) }
    }
}
