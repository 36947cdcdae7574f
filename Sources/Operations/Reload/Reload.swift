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
    /// When the rules in force were loaded, seconds since 1970.
    package internal(set) var loaded = 0
}

/// Puts changed rule files in force while the tier serves.
///
/// Files are read, checked and compiled on a queue of their own, then handed to the loops. Files with an error
/// change nothing. Requests that arrive before a reload begins are one reload.
final class Reload: Sendable {
    enum Cause: String {
        case file, signal
        /// Files that could not be read before.
        case retry
    }

    private struct State {
        var counters = ReloadCounters()
        /// The findings that were logged last. The same ones are logged once.
        var reported = ""
        var watchers: [FileWatcher] = []
        var stopped = false
        /// The causes of the next reload, and who waits for it.
        var causes: Set<Cause> = []
        var waiting: [@Sendable (Bool) -> Void] = []
        /// The least share of hosts, percent, that may change their route by the next reload, of those that operators have
        /// given for it.
        var guardLimit: Double?
        /// What the last reload has found in the files, and about the routes of hosts.
        var diagnostics: [Diagnostic] = []
        var guardReport: ReloadReport.Guard?
        /// The wait before the next retry, and its number; nil: the files could be read.
        var retry: (wait: Duration, number: Int)?
        /// The number of rules in force.
        var rules: Int
        /// The listeners that the tier has not been started with are reported once.
        var reportedListeners: [ListenerSettings]
    }

    /// What keeps a reload from changing too much.
    struct Protection: Sendable {
        /// The share of hosts, percent, that may change their route; nil: all may.
        var limit: Double?
        /// The files are read again only when an operator says so.
        var isManual = false
        /// The hosts of the last minutes. Called on no event loop.
        var recentHosts: @Sendable () async -> [RecentHost] = { [] }
    }

    /// The first and the longest wait before files that could not be read are read again.
    private static let firstRetry = Duration.milliseconds(250)
    private static let maxRetry = Duration.seconds(5)
    /// The part of the time that retries may take.
    private static let retryShare = 20
    /// The fewest rules whose loss is reported.
    private static let minRules = 4

    private let paths: [String]
    private let tier: Tier
    private let names: NameDirectory
    private let sources: NameSources
    /// As they were at the start.
    private let listeners: [ListenerSettings]
    private let certificates: CertificateControl
    private let upstreams: UpstreamCertificates
    private let clients: ClientAuthorities
    private let logger: Logger
    private let installed: @Sendable (TierPlan) -> Void
    private let findings: RuleFindings
    private let protection: Protection
    private let state: NIOLockedValueBox<State>
    /// Runs one reload at a time.
    private let queue = DispatchQueue(label: "berth.reload")

    /// - Parameters:
    ///   - paths: rule files and folders, as on the command line; empty: nothing is watched.
    ///   - rules: the number of rules in force.
    ///   - listeners: those that the rule files had at the start.
    ///   - certificates: of the listeners.
    ///   - upstreams: of targets with `https`.
    ///   - clients: the CAs of clients.
    ///   - installed: called with what was put in force.
    init(
        _ paths: [String],
        rules: Int,
        listeners: [ListenerSettings],
        tier: Tier,
        names: NameDirectory,
        sources: NameSources,
        certificates: CertificateControl,
        upstreams: UpstreamCertificates,
        clients: ClientAuthorities,
        logger: Logger,
        protection: Protection = Protection(),
        installed: @escaping @Sendable (TierPlan) -> Void = { _ in }
    ) {
        self.paths = paths
        self.tier = tier
        self.names = names
        self.sources = sources
        self.listeners = listeners
        self.certificates = certificates
        self.upstreams = upstreams
        self.clients = clients
        self.logger = logger
        self.installed = installed
        self.findings = RuleFindings(paths, logger: logger)
        self.protection = protection
        state = NIOLockedValueBox(State(rules: rules, reportedListeners: listeners))
        state.withLockedValue { $0.counters.loaded = time(nil) }
    }

    var counters: ReloadCounters { state.withLockedValue { $0.counters } }

    /// Why the last reload failed, a line each; nil: it did not.
    var lastError: String? { state.withLockedValue { $0.counters.isStale ? $0.reported : nil } }

    /// Starts watching the files and folders.
    ///
    /// - Parameters:
    ///   - inspected: the rules in force, for a count of their findings.
    ///   - read: the files as they were before they were read.
    func watch(_ inspected: InspectedConfiguration?, read: WatchedRules) {
        if let inspected { findings.check(inspected) }
        guard !protection.isManual else { return }
        for path in paths {
            do {
                let watcher = try read.watch(path) { [weak self] in
                    self?.request(.file)
                    // Files that cannot be read are a matter of the reload, which reads them again itself.
                    return true
                }
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
    /// - Parameters:
    ///   - guardLimit: the share of hosts, percent, that may change their route; nil: as the tier has it.
    ///   - done: called after the reload with whether the new rules are in force.
    func request(_ cause: Cause, guardLimit: Double? = nil, done: (@Sendable (Bool) -> Void)? = nil) {
        let isFirst = state.withLockedValue { state in
            if let done { state.waiting.append(done) }
            if let guardLimit { state.guardLimit = min(guardLimit, state.guardLimit ?? guardLimit) }
            defer { state.causes.insert(cause) }
            return state.causes.isEmpty
        }
        if isFirst { queue.async { [self] in run() } }
    }

    /// Reloads for an operator, and says what came of it.
    ///
    /// - Parameter guardLimit: see `request`.
    func report(guardLimit: Double? = nil) async -> ReloadReport {
        await withCheckedContinuation { continuation in
            request(.signal, guardLimit: guardLimit) { [self] isInForce in
                // After the reload: it notes its results at its end.
                queue.async { [self] in
                    let state = state.withLockedValue { $0 }
                    let findings = isInForce ? [] : state.reported.split(separator: "\n").map(String.init)
                    var report = ReloadReport(reloaded: isInForce, rules: state.rules, findings: findings)
                    let diagnostics = state.diagnostics.map(ReloadReport.Finding.init)
                    report.diagnostics = diagnostics.isEmpty ? nil : diagnostics
                    report.guard = state.guardReport
                    continuation.resume(returning: report)
                }
            }
        }
    }

    private func run() {
        let (causes, waiting, isStopped, guardLimit) = state.withLockedValue { state in
            defer { (state.causes, state.waiting, state.guardLimit) = ([], [], nil) }
            (state.diagnostics, state.guardReport) = ([], nil)
            return (state.causes, state.waiting, state.stopped, state.guardLimit)
        }
        let done: @Sendable (Bool) -> Void = { result in
            for one in waiting { one(result) }
        }
        guard !paths.isEmpty, !isStopped else { return done(false) }
        let cause: Cause = causes.contains(.signal) ? .signal : causes.contains(.file) ? .file : .retry
        // An operator who sends a signal means all files.
        if cause == .signal {
            names.reread()
            certificates.reload()
            upstreams.files.reload()
            clients.files.reload()
        }
        reload(cause, guardLimit: guardLimit ?? protection.limit, done)
    }

    private func reload(_ cause: Cause, guardLimit: Double?, _ done: @escaping @Sendable (Bool) -> Void) {
        let start = ContinuousClock.now
        let inspected: InspectedConfiguration
        do {
            inspected = try ConfigurationLoader.inspect(paths)
        } catch {
            let lines = error.diagnostics.map(\.summary)
            state.withLockedValue { $0.diagnostics = error.diagnostics }
            let isUnreadable = error.diagnostics.contains { $0.code == .unreadable && $0.severity == .error }
            fail(lines, cause, isUnreadable: isUnreadable, since: start)
            return done(false)
        }
        let configuration = inspected.configuration
        let unused = tier.recordsTaps ? [] : UnusedTaps.findings(inspected)
        let warnings = configuration.warnings + Linter.missingNames(inspected) + unused
        state.withLockedValue { $0.diagnostics = warnings }
        if let guardLimit, let refusal = refusal(of: configuration.table, limit: guardLimit) {
            fail(refusal, cause, isUnreadable: false, since: start)
            return done(false)
        }
        let plan = TierPlan(name: tier.settings.name, inspected: inspected, instance: tier.settings.instance)
        do {
            let (tier, installed, certificates) = (tier, installed, certificates)
            let (upstreams, clients) = (upstreams, clients)
            let replacement = try certificates.prepare(plan.listeners)
            let upstreamTLS = try upstreams.prepare(plan.upstreamTLS)
            let authorities = try clients.prepare(plan.clientAuthorities, plan.listeners)
            try names.replace(try sources.make(plan.names)) { table in
                // Before the rules that need them.
                certificates.install(replacement)
                upstreams.files.install(upstreamTLS)
                clients.install(authorities, in: tier)
                tier.install(table: plan.table, settings: plan.settings, names: table)
                RegistryHosts.protect(plan.registryHosts, by: tier)
                installed(plan)
                done(true)
            }
        } catch {
            // A hosts file, a file of a registry's TLS, or a certificate.
            fail("\(error)".split(separator: "\n").map(String.init), cause, isUnreadable: true, since: start)
            return done(false)
        }
        let count = configuration.table.rules.count
        let before = state.withLockedValue { state in
            state.counters.succeeded &+= 1
            state.counters.isStale = false
            state.counters.loaded = time(nil)
            state.reported = ""
            state.retry = nil
            defer { state.rules = count }
            return state.rules
        }
        for warning in warnings {
            logger.warning("rule file", metadata: ["finding": "\(warning.summary)"])
        }
        logger.notice(
            "rules reloaded",
            metadata: ["cause": "\(cause.rawValue)", "rules": "\(count)"]
        )
        findings.check(inspected)
        reportListeners(plan.listeners)
        if before >= Self.minRules, count < before / 2 {
            logger.warning(
                "most of the rules are gone",
                metadata: ["rules": "\(count)", "rules_before": "\(before)"]
            )
        }
    }

    /// Why too many hosts would change their route; nil: they would not. Waits for the event loops.
    private func refusal(of table: RouteTable, limit: Double) -> [String]? {
        let box = LateBox<[RecentHost]>()
        let isThere = DispatchSemaphore(value: 0)
        let recentHosts = protection.recentHosts
        Task {
            box.set(await recentHosts())
            isThere.signal()
        }
        isThere.wait()
        let report = ReloadGuard.check(box.value ?? [], from: tier.table, to: table, limit: limit)
        state.withLockedValue { $0.guardReport = report }
        return report.isRefused ? report.lines : nil
    }

    /// Addresses are bound at the start alone.
    private func reportListeners(_ new: [ListenerSettings]) {
        let isNew = state.withLockedValue { state in
            defer { state.reportedListeners = new }
            return ListenerPlans.needRestart(new, state.reportedListeners)
        }
        guard isNew, ListenerPlans.needRestart(new, listeners) else { return }
        logger.warning(
            "listeners have changed: restart the tier; certificates alone need no restart",
            metadata: ["listeners": "\(new.count)", "before": "\(listeners.count)"]
        )
    }

    /// Logs why the old rules stay in force. After a signal, the same findings are logged again.
    ///
    /// - Parameter isUnreadable: a file may become readable without an event: it is read again.
    private func fail(
        _ findings: [String],
        _ cause: Cause,
        isUnreadable: Bool,
        since start: ContinuousClock.Instant
    ) {
        let text = findings.joined(separator: "\n")
        let (isNew, retry) = state.withLockedValue { state -> (Bool, (wait: Duration, number: Int)?) in
            let isNew = state.reported != text
            if isNew || cause != .retry { state.counters.failed &+= 1 }
            state.counters.isStale = true
            state.reported = text
            let last = state.retry
            state.retry = nil
            if isUnreadable {
                let wait = last.map { min($0.wait * 2, Self.maxRetry) } ?? Self.firstRetry
                state.retry = (wait, (last?.number ?? 0) + 1)
            }
            return (isNew, state.retry)
        }
        if let retry {
            let least = (ContinuousClock.now - start) * Self.retryShare
            queue.asyncAfter(deadline: .now() + max(retry.wait, least).seconds) { [weak self] in
                // Not where the files have been read, or tried, meanwhile.
                let isNext = self?.state.withLockedValue { $0.retry?.number == retry.number && !$0.stopped }
                if isNext == true { self?.request(.retry) }
            }
        }
        guard isNew || cause == .signal else { return }
        logger.error(
            "rules not reloaded: the ones before stay in force",
            metadata: ["cause": "\(cause.rawValue)", "findings": "\(findings.count)"]
        )
        for finding in findings { logger.error("rule file", metadata: ["finding": "\(finding)"]) }
    }
}

extension Duration {
    fileprivate var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
