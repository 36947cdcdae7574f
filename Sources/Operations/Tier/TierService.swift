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
    package struct Options: Sendable {
        package var listen: [Endpoint]
        /// … and those with TLS.
        package var secure: [ListenerPlans.Secure]
        /// Event loops, each with a thread.
        package var loops: Int
        /// Another instance may listen at the same addresses: one that drains.
        package var sharesPorts: Bool
        /// A connection is accepted when its first bytes have arrived.
        package var defersAccept: Bool
        package var accessLog: AccessLogDestination
        package var format: AccessLogFormat
        /// The maximum time for running exchanges to finish when the tier stops.
        package var drain: Duration
        /// The folder where sources keep their last names for the next start; nil: they keep none.
        package var stateDirectory: String?
        /// Where the tier registers itself, and the names that it serves.
        package var registrations: [RegistrationPlan]
        /// A file that exists while the tier is ready; nil: there is none.
        package var readyFile: String?
        /// The socket for commands; nil: there is none.
        package var admin: ControlAddress?
        /// The rule files and folders to watch and reload; empty: the plan never changes.
        package var rules: [String]
        /// These files as they were before they were read.
        package var rulesRead: WatchedRules

        package init(
            listen: [Endpoint],
            secure: [ListenerPlans.Secure] = [],
            loops: Int = System.coreCount,
            sharesPorts: Bool = false,
            defersAccept: Bool = false,
            accessLog: AccessLogDestination = .standardOutput,
            format: AccessLogFormat = .text,
            drain: Duration = .seconds(30),
            stateDirectory: String? = nil,
            registrations: [RegistrationPlan] = [],
            readyFile: String? = nil,
            admin: ControlAddress? = nil,
            rules: [String] = [],
            rulesRead: WatchedRules = WatchedRules()
        ) {
            self.listen = listen
            self.secure = secure
            self.loops = loops
            self.sharesPorts = sharesPorts
            self.defersAccept = defersAccept
            self.accessLog = accessLog
            self.format = format
            self.drain = drain
            self.stateDirectory = stateDirectory
            self.registrations = registrations
            self.readyFile = readyFile
            self.admin = admin
            self.rules = rules
            self.rulesRead = rulesRead
        }
    }

    package let tier: Tier
    private let names: NameDirectory
    private let sink: LogSink?
    private let drain: Duration
    private let reloading: Reload
    private let logger: Logger
    private let registrations: [TierRegistration]
    private let readiness: Readiness
    private let control: Control
    private let certificates: CertificateControl

    /// The control socket, and what its commands have set.
    private struct Control {
        /// Nil: operators set things through registries alone.
        let server: ControlServer?
        let store: ControlStore
        let registry: RegistryControl
    }

    /// The name source of what operators have deployed over the control socket.
    static let deployedSource = "deployed"

    private init(
        tier: Tier,
        names: NameDirectory,
        sink: LogSink?,
        registrations: [TierRegistration],
        readiness: Readiness,
        control: Control,
        certificates: CertificateControl,
        drain: Duration,
        reloading: Reload,
        logger: Logger
    ) {
        self.tier = tier
        self.names = names
        self.sink = sink
        self.registrations = registrations
        self.readiness = readiness
        self.control = control
        self.certificates = certificates
        self.drain = drain
        self.reloading = reloading
        self.logger = logger
    }

    /// Starts the name sources, opens the access log, binds the addresses, and serves.
    ///
    /// - Throws: `StateDirectoryError`, `CertificateFailure`, `KeptStateError`, `NameSourceError`, `RegistryError`, `LogSinkError`, `ControlSocketError` or
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
        let plans = try ListenerPlans.make(plain: options.listen, secure: options.secure, plan.listeners)
        let certificates = CertificateControl(plans, logger: logger)
        // What operators have paused or stopped does not serve for a moment.
        let file = options.admin.map { KeptStateFile($0, stateDirectory: options.stateDirectory) }
        let kept = try file?.read() ?? KeptState()
        let deployed = DeployedNames(deployedSource, kept.deployedNames)
        let registry = RegistryControl(plan.names, stateDirectory: options.stateDirectory, logger: logger)
        let sources = NameSources(
            group: NameSources.shared.group,
            stateDirectory: options.stateDirectory,
            first: file == nil ? [] : [deployed.source(isLocal: true)],
            records: registry.names.source(isLocal: false)
        )
        let registrations = try options.registrations.map { try TierRegistration($0, logger: logger) }
        let names = try NameDirectory(try sources.make(plan.names), on: sources.group.next()) { event in
            NameSourceEvents.report(event, to: logger)
        }
        let sink = try options.accessLog.sink(logger)
        let otherProtocols = OtherProtocolLog(logger)
        let handshakes = HandshakeLog(logger)
        let health = HealthLog(logger)
        let store = NIOLockedValueBox<ControlStore?>(nil)
        let tier: Tier
        var socket: ControlSocket?
        do {
            socket = try options.admin.map {
                try ControlSocket.listen(at: $0, takesOver: options.sharesPorts)
            }
            tier = try Tier.start(
                settings: plan.settings,
                table: plan.table,
                names: names.table,
                nameResolver: names,
                listen: plans,
                sharesPorts: options.sharesPorts,
                defersAccept: options.defersAccept,
                loops: options.loops,
                seed: .random(in: .min ... .max),
                otherProtocol: { otherProtocols.report($0, $1, $2) },
                handshakeReport: { handshakes.report($0) },
                healthReport: { health.report($0) },
                commands: kept.commands.over(registry.kept),
                stateEnded: {
                    guard let store = store.withLockedValue({ $0 }) else { return }
                    Task { await store.statesEnded() }
                },
                makeLog: {
                    sink.map { AccessLog(sink: $0, format: options.format, tier: plan.settings.name) }
                }
            )
        } catch {
            socket?.discard()
            await sink?.close()
            throw error
        }
        var registries = ControlPlane([])
        for registration in options.registrations { registries.add(registration.address.cluster) }
        tier.protect(registries.endpoints)
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
        ) { [socket] in socket?.isInPlace ?? true }
        let control: Control
        do {
            let server = try await serve(socket, commands, tier, certificates, logger)
            control = Control(server: server, store: commands, registry: registry)
        } catch {
            names.stop()
            _ = await tier.shutDown(limit: .zero)
            await sink?.close()
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
            logger: logger
        ) { registry.replace($0) }
        reloading.watch(plan.inspected, read: options.rulesRead)
        certificates.start()
        report(tier, plans, logger)
        let published = PublishedHealthLog(logger)
        names.subscribe { published.update($0) }
        let readiness = Readiness(file: options.readyFile, logger: logger)
        names.subscribe { update in readiness.update(update.table) }
        // After binding: requests may follow at once.
        for registration in registrations { registration.start(tier, names) }
        return TierService(
            tier: tier,
            names: names,
            sink: sink,
            registrations: registrations,
            readiness: readiness,
            control: control,
            certificates: certificates,
            drain: options.drain,
            reloading: reloading,
            logger: logger
        )
    }

    private static func report(_ tier: Tier, _ plans: [ListenerPlan], _ logger: Logger) {
        for (endpoint, plan) in zip(tier.endpoints, plans) {
            var metadata: Logger.Metadata = [
                "tier": "\(tier.settings.name)", "address": "\(endpoint)",
                "rules": "\(tier.table.rules.count)",
            ]
            if let store = plan.certificates?.store {
                metadata["tls"] = "true"
                metadata["certificates"] = "\(store.certificates.count)"
            }
            if plan.redirectsToHTTPS { metadata["redirect_to_https"] = "true" }
            logger.notice("listening", metadata: metadata)
        }
    }

    private static func serve(
        _ socket: ControlSocket?,
        _ store: ControlStore,
        _ tier: Tier,
        _ certificates: CertificateControl,
        _ logger: Logger
    ) async throws(ControlSocketError) -> ControlServer? {
        guard let socket else { return nil }
        let commands = TierControl(tier: tier, store: store, logger: logger) { certificates.report() }
        return try await ControlServer.start(on: socket, group: NameSources.shared.group) {
            await commands.respond($0)
        }
    }

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
        await withCheckedContinuation { continuation in
            reloading.request(.signal) { continuation.resume(returning: $0) }
        }
    }

    /// Opens the access log again, as on SIGUSR1: a program has renamed the file that is open.
    package func reopenLogs() { sink?.reopen() }

    /// The results of reloads.
    package var reloads: ReloadCounters { reloading.counters }
    /// Whether each source has loaded its names and the tier has not begun to end.
    package var isReady: Bool { readiness.isReady }
    /// The states of the name sources.
    package var nameSources: [NameSourceStatus] { names.statuses }

    /// Withdraws the registrations, stops accepting, waits for running exchanges, and writes the rest of the log.
    package func stop() async {
        readiness.end()
        await control.store.stop()
        await withTaskGroup(of: Void.self) { tasks in
            for registration in registrations { tasks.addTask { await registration.withdraw() } }
        }
        logger.notice("stopping", metadata: ["tier": "\(tier.settings.name)", "drain": "\(drain)"])
        reloading.stop()
        certificates.stop()
        // Name sources run until the last exchange has ended.
        let counters = await tier.shutDown(limit: drain)
        names.stop()
        await control.registry.stop()
        await control.server?.stop()
        await sink?.close()
        var metadata: Logger.Metadata = [
            "tier": "\(tier.settings.name)",
            "connections": "\(counters.connections)",
            "rejected": "\(counters.rejected)",
            "requests": "\(counters.requests)",
            "retries": "\(counters.retries)",
            "reloads": "\(reloads.succeeded)",
            "reloads_failed": "\(reloads.failed)",
        ]
        if counters.handshakes > 0 || counters.failedHandshakes > 0 {
            metadata["tls_handshakes"] = "\(counters.handshakes)"
            metadata["tls_resumed"] = "\(counters.resumedHandshakes)"
            metadata["tls_failed"] = "\(counters.failedHandshakes)"
        }
        for (reason, count) in counters.failures { metadata[reason.rawValue] = "\(count)" }
        if let dropped = sink?.droppedLines, dropped > 0 { metadata["log_lines_dropped"] = "\(dropped)" }
        logger.notice("stopped", metadata: metadata)
    }
}
