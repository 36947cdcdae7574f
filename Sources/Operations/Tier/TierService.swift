package import Logging
package import Names
import NIOConcurrencyHelpers
import NIOCore
package import Proxy
import ProxyCore
import Registration
package import Routing
import RoutingConfig
import SystemSupport
import TLS

/// A running tier with its name sources, access log, registration and reloads; it ends in order.
package final class TierService: Sendable {
    package let tier: Tier
    private let names: NameDirectory
    package let logs: TierLogs
    private let drain: Duration
    private let reloading: Reload
    private let logger: Logger
    private let registrations: [TierRegistration]
    private let readiness: Readiness
    private let control: Control
    private let certificates: CertificateControl
    private let upstreams: UpstreamCertificates
    private let clients: ClientAuthorities
    private let metrics: MetricsService
    let takeOver: TakeOver

    /// The admin interface, and what its commands have set.
    private struct Control {
        let interface: AdminInterface
        let admin: TierAdmin
        let store: ControlStore
        let registry: RegistryControl
    }

    /// The name source of what operators have deployed over the control socket.
    static let deployedSource = "deployed"

    private init(
        tier: Tier,
        names: NameDirectory,
        logs: TierLogs,
        registrations: [TierRegistration],
        readiness: Readiness,
        control: Control,
        certificates: CertificateControl,
        upstreams: UpstreamCertificates,
        clients: ClientAuthorities,
        metrics: MetricsService,
        takeOver: TakeOver,
        drain: Duration,
        reloading: Reload,
        logger: Logger
    ) {
        self.tier = tier
        self.names = names
        self.logs = logs
        self.registrations = registrations
        self.readiness = readiness
        self.control = control
        self.certificates = certificates
        self.upstreams = upstreams
        self.clients = clients
        self.metrics = metrics
        self.takeOver = takeOver
        self.drain = drain
        self.reloading = reloading
        self.logger = logger
    }

    /// Starts the name sources, opens the access log, binds the addresses, and serves.
    ///
    /// - Throws: `StateDirectoryError`, `CertificateFailure`, `UpstreamTLSFailure`, `KeptStateError`,
    ///   `NameSourceError`, `RegistryError`, `LogSinkError`, `ControlSocketError` or
    ///   `ListenError`, each with a message for the operator. Nothing is served then.
    package static func start(
        _ plan: TierPlan,
        options: Options,
        logger: Logger
    ) async throws -> TierService {
        if let folder = options.stateDirectory {
            do throws(FileError) { try WholeFile.createFolder(folder) } catch {
                throw StateDirectoryError(path: folder, reason: error.reason)
            }
        }
        let (plans, authorities) = try ListenerPlans.make(
            plain: options.listen,
            secure: options.secure,
            plan.listeners,
            clientAuthorities: plan.clientAuthorities
        )
        let certificates = CertificateControl(plans, logger: logger)
        let clients = ClientAuthorities(authorities, plans, logger: logger)
        let upstreams = try UpstreamCertificates(plan.upstreamTLS, logger: logger)
        // What operators have paused or stopped does not serve for a moment.
        let file = options.admin.keptStateFile(stateDirectory: options.stateDirectory)
        let kept = try file?.read() ?? KeptState()
        let deployed = DeployedNames(deployedSource, kept.deployedNames)
        let registry = RegistryControl(plan.names, stateDirectory: options.stateDirectory, logger: logger)
        let sources = NameSources(
            group: NameSources.shared.group,
            stateDirectory: options.stateDirectory,
            first: options.admin.isOff ? [] : [deployed.source(isLocal: true)],
            records: registry.names.source(isLocal: false)
        )
        let registrations = try options.registrations.map { try TierRegistration($0, logger: logger) }
        var inherited = options.inheritance.control
        defer { inherited.close() }
        let metrics = try await MetricsService.start(
            plan,
            address: options.metrics,
            isRead: !options.admin.isOff,
            sharesPort: options.takesOver,
            accepts: !options.inheritance.isTakeOver,
            inherited: &inherited.metrics,
            logger: logger
        )
        let names = try NameDirectory(try sources.make(plan.names), on: sources.group.next()) { event in
            metrics.ages.note(event)
            NameSourceEvents.report(event, to: logger)
        }
        let logs = try TierLogs(options, tier: plan.settings.name, logger: logger)
        let otherProtocols = OtherProtocolLog(logger)
        let handshakes = HandshakeLog(logger)
        let floods = FloodLog(logger)
        let upstreamHandshakes = UpstreamHandshakeLog(logger)
        let health = HealthLog(logger)
        let store = NIOLockedValueBox<ControlStore?>(nil)
        let tier: Tier
        let interface: AdminInterface
        do {
            interface = try await AdminInterface.bind(
                options.admin,
                takesOver: options.takesOver,
                inherited: &inherited.admin,
                logger
            )
        } catch {
            await logs.close()
            throw error
        }
        do {
            tier = try Tier.start(
                settings: plan.settings.protecting(interface.endpoints, and: metrics.protected),
                table: plan.table,
                names: names.table,
                nameResolver: names,
                listen: plans,
                sharesPorts: options.sharesPorts,
                defersAccept: options.defersAccept,
                inherited: options.inheritance.sockets,
                accepts: !options.inheritance.isTakeOver,
                loops: options.loops,
                seed: .random(in: .min ... .max),
                otherProtocol: { otherProtocols.report($0, $1, $2) },
                handshakeReport: { handshakes.report($0) },
                clientAuthorities: authorities,
                abuseReport: { floods.report($0, $1) },
                upstreamSecurity: UpstreamSecurity(upstreams.files.store) { upstreamHandshakes.report($0) },
                healthReport: { health.report($0) },
                commands: kept.commands.over(registry.kept),
                stateEnded: {
                    guard let store = store.withLockedValue({ $0 }) else { return }
                    Task { await store.statesEnded() }
                },
                keepsRequests: !options.admin.isOff,
                traces: TraceExport(tier: plan.settings.name, logger: logger),
                counting: metrics.counting,
                makeTap: { logs.tap?.tap() },
                makeLog: { logs.accessLog() }
            )
        } catch {
            await interface.stop()
            await metrics.stop()
            await logs.close()
            throw error
        }
        var registries = ControlPlane([])
        for registration in options.registrations { registries.add(registration.address.cluster) }
        tier.protect(registries.endpoints + AdminOptions.protected(interface.endpoints) + metrics.protected)
        RegistryHosts.protect(plan.registryHosts + registries.hosts, by: tier)
        names.subscribe { update in tier.install(names: update) }
        names.start()
        let commands = ControlStore(
            kept,
            file: file,
            registry: registry.kept,
            tier: tier,
            names: names,
            deployed: deployed,
            logger: logger
        ) { interface.isInPlace }
        let ports = ControlSockets.Ports(admin: interface.ports, metrics: metrics.server?.port)
        let takeOver = TakeOver(options, tier: tier, socket: interface.socket, ports: ports, logger: logger)
        let readiness = takeOver.readiness(options.readyFile)
        let admin = TierAdmin(
            plan,
            tier: tier,
            names: names,
            certificates: certificates,
            listeners: plans,
            commit: options.commit,
            generation: options.inheritance.generation,
            threshold: options.logThreshold,
            figures: { await metrics.ruleFigures() },
            logger: logger
        )
        let control = Control(interface: interface, admin: admin, store: commands, registry: registry)
        do {
            try await serve(
                interface,
                admin,
                commands,
                routes: takeOver.routes + MetricsControl(metrics: { metrics.metrics }).routes,
                activates: !options.inheritance.isTakeOver,
                certificates: { CertificatesReport(certificates, upstreams.files.store, authorities) },
                reload: { limit in
                    await readiness.reloading { await admin.reload?.report(guardLimit: limit) }
                }
            )
        } catch {
            names.stop()
            _ = await tier.shutDown(limit: .zero)
            await metrics.stop()
            await logs.close()
            throw error
        }
        // Until now commands went to the instance before this one.
        if options.sharesPorts { await commands.catchUp() }
        store.withLockedValue { $0 = commands }
        // What has ended before.
        await commands.statesEnded()
        registry.start(commands)
        // Before anybody can know that the tier runs: a rule file that changes from then on is not missed.
        let reloading = Reload(
            options.rules,
            rules: plan.table.rules.count,
            listeners: plan.listeners,
            tier: tier,
            names: names,
            sources: sources,
            certificates: certificates,
            upstreams: upstreams,
            clients: clients,
            logger: logger,
            protection: options.protection { await LoopReadings(tier).recentHosts() }
        ) { plan in
            registry.replace(plan.names)
            admin.installed(plan)
        }
        admin.set(reloading)
        reloading.watch(plan.inspected, read: options.rulesRead)
        certificates.start()
        upstreams.files.start()
        clients.files.start()
        metrics.begin(tier, names, readiness, reloading, certificates, logs)
        ListeningLog.report(tier, plans, to: logger)
        let published = PublishedHealthLog(logger)
        names.subscribe { published.update($0) }
        names.subscribe { update in readiness.update(update.table) }
        admin.set(readiness)
        try await takeOver.begin(readiness, interface, commands)
        metrics.server?.port.accept()
        // After binding: requests may follow at once.
        for registration in registrations { registration.start(tier, names) }
        takeOver.settle(registrations)
        return TierService(
            tier: tier,
            names: names,
            logs: logs,
            registrations: registrations,
            readiness: readiness,
            control: control,
            certificates: certificates,
            upstreams: upstreams,
            clients: clients,
            metrics: metrics,
            takeOver: takeOver,
            drain: options.drain,
            reloading: reloading,
            logger: logger
        )
    }

    private static func serve(
        _ interface: AdminInterface,
        _ admin: TierAdmin,
        _ store: ControlStore,
        routes: [ControlRoute],
        activates: Bool,
        certificates: @escaping @Sendable () -> CertificatesReport,
        reload: @escaping @Sendable (Double?) async -> ReloadReport?
    ) async throws(ControlSocketError) {
        let commands = TierControl(
            tier: admin.tier,
            store: store,
            logger: admin.logger,
            certificates: certificates,
            reload: { limit in
                await reload(limit)
                    ?? ReloadReport(reloaded: false, rules: 0, findings: ["the tier is starting: try again"])
            }
        )
        let requests = RequestControl(tier: admin.tier)
        // Without an admin interface no request is kept, and a tier before this one gets no answer.
        let kept = interface.isOff ? requests.routes : requests.started()
        let routes = commands.routes + admin.routes + kept + routes
        let described = routes + OpenAPI.routes(describing: routes) + PageRoutes().routes
        try await interface.begin(ControlRouter(routes: described), activates: activates)
    }

    /// Returns when an operator has told the tier to end, or the task is cancelled: `stop` is to follow.
    package func drainRequested() async { await control.admin.draining.wait() }

    /// Where the admin interface listens, with the ports that were chosen.
    package var adminEndpoints: [Endpoint] { control.interface.endpoints }

    /// Returns a message when another instance holds the name to register; nil when the task is cancelled. After the
    /// tier was registered, a conflict is only logged.
    package func refused() async -> String? {
        for registration in registrations {
            if let refusal = await registration.refused() { return refusal }
        }
        // No refusal can follow: wait until the task is cancelled.
        try? await Task.sleep(for: .seconds(1 << 31))
        return nil
    }

    /// Reloads the rule files, as on SIGHUP. Files with an error are logged and change nothing.
    ///
    /// - Returns: whether the new rules are in force.
    @discardableResult
    package func reload() async -> Bool {
        await readiness.reloading {
            await withCheckedContinuation { continuation in
                reloading.request(.signal) { continuation.resume(returning: $0) }
            }
        }
    }

    /// Opens the access log, the tap log and the ledger again, as on SIGUSR1: a program has renamed the files that are
    /// open.
    package func reopenLogs() {
        logs.reopen()
        metrics.reopenLogs()
    }

    /// The results of reloads.
    package var reloads: ReloadCounters { reloading.counters }
    /// Whether each source has loaded its names and the tier has not begun to end.
    package var isReady: Bool { readiness.isReady }
    /// The states of the name sources.
    package var nameSources: [NameSourceStatus] { names.statuses }

    /// Withdraws the registrations, stops accepting, waits for running exchanges, and writes the rest of the log.
    package func stop() async {
        await takeOver.stop()
        readiness.end(isSuperseded: takeOver.isSuperseded)
        if takeOver.isSuperseded { await control.interface.release() }
        await control.store.stop()
        await metrics.stopServing()
        await withTaskGroup(of: Void.self) { tasks in
            for registration in registrations { tasks.addTask { await registration.withdraw() } }
        }
        logger.notice("stopping", metadata: ["tier": "\(tier.settings.name)", "drain": "\(drain)"])
        reloading.stop()
        certificates.stop()
        upstreams.files.stop()
        clients.files.stop()
        // Name sources run until the last exchange has ended.
        let counters = await takeOver.drain(limit: drain)
        names.stop()
        await control.registry.stop()
        await control.interface.stop()
        await metrics.stop()
        await logs.close()
        EndLog.report(tier, counters, reloads, logs, to: logger)
    }
}
