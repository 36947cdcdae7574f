import Foundation
package import Logging
package import Names
import NIOCore
package import NIOPosix
package import Proxy
import ProxyCore
package import Routing

/// A tier in operation: its names are watched, its log is written, and it ends in order.
package final class TierService: Sendable {
    /// Where the access log goes.
    package enum AccessLogDestination: Sendable, Equatable {
        case off
        case standardOutput
        case file(String)
    }

    package struct Options: Sendable {
        package var listen: [Endpoint]
        package var accessLog: AccessLogDestination
        package var format: AccessLogFormat
        /// How long running exchanges may take to finish after a signal.
        package var drain: Duration
        /// Where sources keep their last names for the next start; nil: nowhere.
        package var stateDirectory: String?
        /// Where the tier registers itself, and the names that it serves.
        package var registrations: [RegistrationPlan]
        /// A file that is there while the tier is ready; nil: none.
        package var readyFile: String?
        /// The rule files and folders, watched and read again; none: the plan is for good.
        package var rules: [String]

        package init(
            listen: [Endpoint],
            accessLog: AccessLogDestination = .standardOutput,
            format: AccessLogFormat = .text,
            drain: Duration = .seconds(30),
            stateDirectory: String? = nil,
            registrations: [RegistrationPlan] = [],
            readyFile: String? = nil,
            rules: [String] = []
        ) {
            self.readyFile = readyFile
            self.rules = rules
            self.listen = listen
            self.accessLog = accessLog
            self.format = format
            self.drain = drain
            self.stateDirectory = stateDirectory
            self.registrations = registrations
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

    private init(
        tier: Tier,
        names: NameDirectory,
        sink: LogSink?,
        registrations: [TierRegistration],
        readiness: Readiness,
        drain: Duration,
        reloading: Reload,
        logger: Logger
    ) {
        self.reloading = reloading
        self.tier = tier
        self.names = names
        self.sink = sink
        self.registrations = registrations
        self.readiness = readiness
        self.drain = drain
        self.logger = logger
    }

    /// Reads the name sources, opens the log, binds the addresses, and serves.
    ///
    /// - Throws: `StateDirectoryError`, `NameSourceError`, `RegistryError`, `LogSinkError` or `ListenError`, each with words that
    ///   say what to do; then nothing is served.
    package static func start(
        _ plan: TierPlan,
        options: Options,
        group: MultiThreadedEventLoopGroup,
        logger: Logger
    ) async throws -> TierService {
        if let folder = options.stateDirectory {
            do {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            } catch {
                throw StateDirectoryError(path: folder, cause: error)
            }
        }
        let sources = NameSources(group: NameSources.shared.group, stateDirectory: options.stateDirectory)
        let registrations = try options.registrations.map { try TierRegistration($0, logger: logger) }
        let names = try NameDirectory(try sources.make(plan.names), on: sources.group.next()) { event in
            NameSourceEvents.report(event, to: logger)
        }
        let sink: LogSink?
        switch options.accessLog {
        case .off: sink = nil
        case .standardOutput: sink = try LogSink(path: nil)
        case .file(let path): sink = try LogSink(path: path)
        }
        let tier: Tier
        do {
            tier = try await Tier.start(
                settings: plan.settings,
                table: plan.table,
                names: names.table,
                nameResolver: names,
                listen: options.listen,
                group: group,
                seed: .random(in: .min ... .max),
                makeLog: {
                    sink.map { AccessLog(sink: $0, format: options.format, tier: plan.settings.name) }
                }
            )
        } catch {
            await sink?.close()
            throw error
        }
        names.subscribe { news in tier.install(names: news) }
        names.start()
        for endpoint in tier.endpoints {
            logger.notice(
                "listening",
                metadata: [
                    "tier": "\(plan.settings.name)", "address": "\(endpoint)",
                    "rules": "\(plan.table.rules.count)",
                ]
            )
        }
        let readiness = Readiness(file: options.readyFile, logger: logger)
        names.subscribe { news in readiness.take(news.table) }
        // Requests may follow at once.
        for registration in registrations {
            registration.start()
            names.subscribe { registration.take($0) }
        }
        let reloading = Reload(options.rules, tier: tier, names: names, sources: sources, logger: logger)
        reloading.watch()
        return TierService(
            tier: tier,
            names: names,
            sink: sink,
            registrations: registrations,
            readiness: readiness,
            drain: options.drain,
            reloading: reloading,
            logger: logger
        )
    }

    /// Returns when the tier cannot have its name because another instance has it, in words that say who;
    /// nil when the task was cancelled. Once the tier was registered, that is only logged.
    package func refused() async -> String? {
        for registration in registrations {
            if let refusal = await registration.refused() { return refusal }
        }
        // None will be refused: the end of the task ends the wait.
        try? await Task.sleep(for: .seconds(1 << 31))
        return nil
    }

    /// Reads the rule files again, as on SIGHUP. What is wrong with them is logged, and changes nothing.
    ///
    /// - Returns: whether they are in force now.
    @discardableResult
    package func reload() async -> Bool {
        await withCheckedContinuation { continuation in
            reloading.request(.signal) { continuation.resume(returning: $0) }
        }
    }

    /// What became of new rule files.
    package var reloads: ReloadCounters { reloading.counters }
    /// Whether each source has told its names, and the tier has not begun to end.
    package var isReady: Bool { readiness.isReady }
    /// How the name sources are.
    package var nameSources: [NameSourceStatus] { names.statuses }

    /// Withdraws the registrations, stops accepting, drains, and writes the rest of the log.
    package func stop() async {
        readiness.end()
        await withTaskGroup(of: Void.self) { tasks in
            for registration in registrations { tasks.addTask { await registration.withdraw() } }
        }
        logger.notice("stopping", metadata: ["tier": "\(tier.settings.name)", "drain": "\(drain)"])
        reloading.stop()
        // The names last until the last request is answered.
        let counters = await tier.shutDown(limit: drain)
        names.stop()
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
        for (reason, count) in counters.failures { metadata[reason.rawValue] = "\(count)" }
        if let dropped = sink?.droppedLines, dropped > 0 { metadata["log_lines_dropped"] = "\(dropped)" }
        logger.notice("stopped", metadata: metadata)
    }
}
