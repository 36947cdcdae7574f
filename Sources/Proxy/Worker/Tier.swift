package import ProxyCore
package import Names
import EpollLoop
import NIOConcurrencyHelpers
import NIOCore
package import Routing
package import Settings
import SystemSupport
package import TLS

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
    package let listeners: ListenerGroup
    let gate: ConnectionGate
    /// The end, once it has begun.
    private let ending = NIOLockedValueBox<Task<Counters, Never>?>(nil)
    private let controlPlane: ControlPlaneGuard
    /// How long WebSockets may go on in a tier that drains; nil: as other requests.
    private let webSocketTime: NIOLockedValueBox<TimeAmount?>
    private let rules: NIOLockedValueBox<RouteTable>
    private let counted: NIOLockedValueBox<MetricsSettings>
    private let traces: (any TraceSink)?

    private init(
        settings: TierSettings,
        workers: [Worker],
        loops: [EpollLoop],
        listeners: ListenerGroup,
        gate: ConnectionGate,
        sharedEndpoints: SharedEndpoints,
        controlPlane: ControlPlaneGuard,
        table: RouteTable,
        traces: (any TraceSink)?
    ) {
        self.traces = traces
        rules = NIOLockedValueBox(table)
        counted = NIOLockedValueBox(settings.metrics)
        self.sharedEndpoints = sharedEndpoints
        self.settings = settings
        self.webSocketTime = NIOLockedValueBox(settings.timeouts.drainWebSocket)
        self.controlPlane = controlPlane
        self.gate = gate
        self.workers = workers
        self.loops = loops
        self.listeners = listeners
        self.endpoints = listeners.all.map(\.endpoint)
    }

    /// Binds all addresses and begins to serve, unless another process accepts until `listeners.begin`.
    ///
    /// - Parameters:
    ///   - plans: the addresses. Redirects to `https` lead to the port of the first listener with certificates.
    ///   - names: what is known at the start.
    ///   - nameResolver: for names that the table does not hold; nil: they are unknown.
    ///   - sharesPorts: another instance may listen at the same addresses.
    ///   - defersAccept: a connection is accepted when its first bytes have arrived (TCP_DEFER_ACCEPT).
    ///   - inherited: sockets that listen already. The tier takes those at its addresses, and closes the others, also where
    ///     it does not start.
    ///   - accepts: false: it accepts from `listeners.begin` on.
    ///   - loops: how many event loops, each with a thread.
    ///   - keepsRequests: the last requests are kept for commands (`RequestHistory`), and the recent hosts where requests
    ///     are counted.
    ///   - traces: takes the spans of requests, where the settings have `tracing`; nil: no span is sent.
    ///   - makeLog: the access log of one event loop; nil for none.
    ///   - makeTap: records what rules tap, of one event loop; nil: nothing is recorded.
    ///   - seed: of request ids and of places in tables.
    ///   - otherProtocol: called on an event loop when a client speaks another protocol than HTTP/1.
    ///   - handshakeReport: called on an event loop when a TLS handshake fails.
    ///   - clientAuthorities: the CAs of clients that rules and listeners name; clients are refused for those that are not
    ///     there.
    ///   - abuseReport: called on an event loop when an HTTP/2 connection is ended for a flood of frames.
    ///   - upstreamSecurity: of targets with `https`.
    ///   - healthReport: called when the health of an endpoint changes.
    ///   - commands: what operators have set, in force from the first request on.
    ///   - stateEnded: called when new settings end a state that an operator has set.
    ///   - counting: requests are counted, and this receives what ledgers have at the end; nil: they are not.
    /// - Throws: `ListenError`; then nothing is served.
    package static func start(
        settings: TierSettings,
        table: RouteTable,
        names: NameTable,
        nameResolver: (any NameResolver)? = nil,
        listen plans: [ListenerPlan],
        sharesPorts: Bool = false,
        defersAccept: Bool = false,
        inherited: InheritedSockets = InheritedSockets(),
        accepts: Bool = true,
        loops: Int,
        seed: UInt64,
        otherProtocol: OtherProtocolReport? = nil,
        handshakeReport: HandshakeReport? = nil,
        clientAuthorities: ClientAuthorityStore? = nil,
        abuseReport: AbuseReport? = nil,
        upstreamSecurity: UpstreamSecurity = UpstreamSecurity(),
        healthReport: HealthReport? = nil,
        commands: TierCommands = TierCommands(),
        stateEnded: (@Sendable () -> Void)? = nil,
        keepsRequests: Bool = false,
        traces: (any TraceSink)? = nil,
        counting: LedgerRest? = nil,
        makeTap: () -> Tap? = { nil },
        makeLog: () -> (any ExchangeLog)?
    ) throws(ListenError) -> Tier {
        var inherited = inherited
        defer { inherited.close() }
        let listen = plans.map(\.endpoint)
        try checkAddresses(listen)
        let secure = try secureListening(plans, clientAuthorities, handshakeReport)
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
                worker.context.metrics = counting.map {
                    LoopMetrics(
                        settings.metrics,
                        seed: random.next(),
                        rest: $0,
                        recentHosts: keepsRequests ? RecentHosts() : nil,
                        now: .now()
                    )
                }
                worker.otherProtocol = otherProtocol
                worker.keepRequests(keepsRequests, seed: random.next(), traces)
                worker.context.tap = makeTap()
                worker.http2.abuse = abuseReport
                worker.upstreamSecurity = upstreamSecurity
                worker.connects { [unowned worker] upstream, upgrades, timeout, done in
                    UpstreamConnector.connect(
                        to: upstream,
                        upgrades: upgrades,
                        worker: worker,
                        loop: loop,
                        timeout: timeout,
                        done: done
                    )
                }
                worker.prober.connect = { [unowned worker] endpoint, link, timeout, done in
                    worker.secureConnector(on: loop).connectForCheck(
                        to: endpoint,
                        over: link,
                        timeout: timeout,
                        done: done
                    )
                }
                return (worker, loop)
            }
            for plan in plans {
                let endpoint = plan.endpoint
                var options = ListeningSocket.Options()
                options.defersAccept = defersAccept
                // Else `[::]` has IPv4 too.
                options.ipv6Only = listen.contains { $0.address.isIPv4 && $0.port == endpoint.port }
                listeners.append(
                    try Listener(
                        plan,
                        options,
                        sharesPort: sharesPorts,
                        inherited: &inherited,
                        on: running
                    )
                )
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
        let port = httpsPort(listeners)
        let group = ListenerGroup(listeners, unclaimed: inherited.addresses.map(\.bound)) { [listeners] in
            for listener in listeners { listener.begin(secure, httpsPort: port) }
        }
        if accepts { group.begin() }
        return Tier(
            settings: settings,
            workers: workers,
            loops: loops,
            listeners: group,
            gate: gate,
            sharedEndpoints: targets.endpoints,
            controlPlane: controlPlane,
            table: table,
            traces: traces
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
        _ clients: ClientAuthorityStore?,
        _ report: HandshakeReport?
    ) throws(ListenError) -> SecureListening? {
        guard let plan = plans.first(where: { $0.certificates != nil }) else { return nil }
        do {
            return SecureListening(
                contexts: (
                    try TLSContext(protocols: TLSPolicy.protocols),
                    try TLSContext(protocols: TLSPolicy.http1Protocols)
                ),
                report: report,
                clients: clients ?? ClientAuthorityStore()
            )
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

    /// What rules tap is recorded. Never changes.
    package var recordsTaps: Bool { aWorker.context.tap != nil }

    /// The rules in force.
    package var table: RouteTable { rules.withLockedValue { $0 } }
    /// What the rule files in force say of metrics.
    package var metricsSettings: MetricsSettings { counted.withLockedValue { $0 } }

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
        counted.withLockedValue { $0 = settings.metrics }
        install(controlPlane.replace(settings.controlPlane))
        for worker in workers { worker.install(table: table, settings: settings, names: names) }
    }

    /// What listeners with certificates demand of clients, where the rules demand nothing, by the address that they were
    /// given. A nil: nothing.
    package func install(clientPolicies: [Endpoint: ClientCertificates?]) {
        for listener in listeners.all where listener.plan.certificates != nil {
            guard let policy = clientPolicies[listener.plan.endpoint] else { continue }
            listener.install(clientPolicy: policy)
        }
    }

    /// Registries, DNS servers, the admin interface and the metrics: no request may reach them.
    package var protectedEndpoints: [Endpoint] { controlPlane.endpoints }

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
    /// - Parameter idle: idle connections are closed spread over this time; 0: at once.
    /// - Returns: what the tier has counted.
    package func shutDown(limit: Duration, idle: Duration = .zero) async -> Counters {
        let task = ending.withLockedValue { ending in
            let task = ending ?? Task { await end(limit: limit, idle: idle) }
            ending = task
            return task
        }
        return await task.value
    }

    /// How long `shutDown` takes at most.
    package func longestDrain(_ limit: Duration) -> Duration {
        let webSockets = webSocketTime.withLockedValue { $0 }.map { Duration.nanoseconds($0.nanoseconds) }
        return limit > .zero ? max(limit, webSockets ?? .zero) + Self.lastTime : limit
    }

    private func end(limit: Duration, idle: Duration) async -> Counters {
        let end = TierEnd(listeners: listeners, workers: workers, loops: loops)
        let counters = await end.run(limit: limit, idle: idle, longest: longestDrain(limit))
        await traces?.end()
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
