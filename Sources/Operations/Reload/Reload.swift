import Dispatch
import Glibc
import Linting
import Logging
import Names
import Proxy
import ProxyCore
import Routing
import RoutingConfig
import SystemSupport
import NIOConcurrencyHelpers

/// The results of reloads since the start.
package struct ReloadCounters: Sendable, Equatable {
    package internal(set) var succeeded: UInt64 = 0
    package internal(set) var failed: UInt64 = 0
    /// Whether the rules in force differ from the files because the last reload failed.
    package internal(set) var isStale = false
}

/// Puts changed rule files in force while the tier serves.
///
/// Files are read, checked and compiled on a queue of their own, then handed to the loops. Files with an error
/// change nothing.
final class Reload: Sendable {
    enum Cause: String { case file, signal }

    private struct State {
        var counters = ReloadCounters()
        /// The diagnostics that were logged last. The same ones are logged once.
        var reported = ""
        var watchers: [FileWatcher] = []
        var stopped = false
    }

    private let paths: [String]
    private let tier: Tier
    private let names: NameDirectory
    private let sources: NameSources
    private let logger: Logger
    private let findings: RuleFindings
    private let state = NIOLockedValueBox(State())
    /// Runs one reload at a time.
    private let queue = DispatchQueue(label: "berth.reload")

    /// - Parameter paths: rule files and folders, as on the command line; empty: nothing is watched.
    init(_ paths: [String], tier: Tier, names: NameDirectory, sources: NameSources, logger: Logger) {
        self.paths = paths
        self.tier = tier
        self.names = names
        self.sources = sources
        self.logger = logger
        self.findings = RuleFindings(paths, logger: logger)
    }

    var counters: ReloadCounters { state.withLockedValue { $0.counters } }

    /// Starts watching the files and folders.
    ///
    /// - Parameter inspected: the rules in force, for a count of their findings.
    func watch(_ inspected: InspectedConfiguration?) {
        if let inspected { findings.check(inspected) }
        for path in paths {
            do {
                let watcher = try Self.watcher(path) { [weak self] in self?.request(.file) }
                state.withLockedValue { $0.watchers.append(watcher) }
            } catch {
                logger.warning(
                    "rules cannot be watched; SIGHUP reloads them",
                    metadata: ["path": "\(path)", "reason": "\(error.reason)"]
                )
            }
        }
    }

    func stop() {
        let watchers = state.withLockedValue { state in
            state.stopped = true
            defer { state.watchers = [] }
            return state.watchers
        }
        for watcher in watchers { watcher.stop() }
    }

    /// Schedules a reload. Safe to call from any thread.
    ///
    /// - Parameter done: called after the reload with whether the new rules are in force.
    func request(_ cause: Cause, done: @escaping @Sendable (Bool) -> Void = { _ in }) {
        queue.async { [self] in
            guard !paths.isEmpty, !state.withLockedValue({ $0.stopped }) else { return done(false) }
            reload(cause, done)
        }
    }

    private func reload(_ cause: Cause, _ done: @escaping @Sendable (Bool) -> Void) {
        let inspected: InspectedConfiguration
        do {
            inspected = try ConfigurationLoader.inspect(paths)
        } catch {
            fail(error.rendered(color: false), cause)
            return done(false)
        }
        let configuration = inspected.configuration
        let plan = TierPlan(name: tier.settings.name, inspected: inspected, instance: tier.settings.instance)
        do {
            let tier = tier
            try names.replace(try sources.make(plan.names)) { table in
                tier.install(table: plan.table, settings: plan.settings, names: table)
                RegistryHosts.protect(plan.registryHosts, by: tier)
                done(true)
            }
        } catch {
            fail(error.description, cause)
            return done(false)
        }
        state.withLockedValue { state in
            state.counters.succeeded &+= 1
            state.counters.isStale = false
            state.reported = ""
        }
        for warning in configuration.warnings + Linter.missingNames(inspected) {
            logger.warning("rule file", metadata: ["finding": "\(warning.rendered(color: false))"])
        }
        logger.notice(
            "rules reloaded",
            metadata: ["cause": "\(cause.rawValue)", "rules": "\(configuration.table.rules.count)"]
        )
        findings.check(inspected)
    }

    /// Logs why the old rules stay in force. After a signal, the same diagnostics are logged again.
    private func fail(_ diagnostics: String, _ cause: Cause) {
        let isNew = state.withLockedValue { state in
            state.counters.failed &+= 1
            state.counters.isStale = true
            defer { state.reported = diagnostics }
            return state.reported != diagnostics
        }
        guard isNew || cause == .signal else { return }
        logger.error(
            "rules not reloaded: the ones before stay in force",
            metadata: ["cause": "\(cause.rawValue)", "findings": "\n\(diagnostics)"]
        )
    }

    private static func watcher(
        _ path: String,
        _ changed: @escaping @Sendable () -> Void
    ) throws(SystemError) -> FileWatcher {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return try FileWatcher(path: path, changed: changed)
        }
        let endings = [Array(".yaml".utf8), Array(".yml".utf8)]
        return try FileWatcher(
            folder: path,
            matches: { name in endings.contains { name.suffix($0.count).elementsEqual($0) } },
            changed: changed
        )
    }
}
