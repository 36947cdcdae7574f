import FoundationEssentials
import Logging
import Names
import NIOConcurrencyHelpers
import NIOCore
import Proxy
import Routing
import RoutingConfig
import Settings

/// What the admin interface shows of a running tier. Some of it is known only after the interface has begun to serve.
///
/// Any thread.
final class TierAdmin: Sendable {
    /// The rules in force.
    struct Rules: Sendable {
        var configuration: Configuration
        var loaded: Date
    }

    private struct State {
        var rules: Rules
        var reload: Reload?
        var readiness: Readiness?
    }

    let tier: Tier
    let names: NameDirectory
    let certificates: CertificateControl
    let listeners: [ListenerPlan]
    /// That the program was built from; nil: not known.
    let commit: String?
    /// The number of this process among those that have taken the tier over.
    let generation: Int
    let logger: Logger
    /// Of messages on standard error; nil: it cannot be changed.
    let threshold: LogThreshold?
    private let figures: @Sendable () async -> [String: RulesReport.Item.Figures]?
    /// What an operator has requested to end the tier.
    let draining = DrainRequest()
    let started = Date()
    let startedAt = NIODeadline.now()
    private let state: NIOLockedValueBox<State>

    init(
        _ plan: TierPlan,
        tier: Tier,
        names: NameDirectory,
        certificates: CertificateControl,
        listeners: [ListenerPlan],
        commit: String? = nil,
        generation: Int = 1,
        threshold: LogThreshold?,
        figures: @escaping @Sendable () async -> [String: RulesReport.Item.Figures]?,
        logger: Logger
    ) {
        self.tier = tier
        self.names = names
        self.certificates = certificates
        self.listeners = listeners
        self.commit = commit
        self.generation = generation
        self.threshold = threshold
        self.figures = figures
        self.logger = logger
        state = NIOLockedValueBox(State(rules: Rules(configuration: plan.configuration, loaded: Date())))
    }

    var rules: Rules { state.withLockedValue { $0.rules } }
    var reload: Reload? { state.withLockedValue { $0.reload } }
    var readiness: Readiness? { state.withLockedValue { $0.readiness } }

    /// Other rules are in force.
    func installed(_ plan: TierPlan) {
        state.withLockedValue { $0.rules = Rules(configuration: plan.configuration, loaded: Date()) }
    }

    func set(_ reload: Reload) { state.withLockedValue { $0.reload = reload } }
    func set(_ readiness: Readiness) { state.withLockedValue { $0.readiness = readiness } }

    /// It takes requests, and operators have not told it to end.
    var isReady: Bool { !draining.isRequested && readiness?.isReady == true }

    var routes: [ControlRoute] {
        HealthControl(admin: self).routes + StatusControl(admin: self).routes
            + RulesControl(admin: self, figures: figures).routes
            + NamesControl(admin: self).routes + ConnectionsControl(admin: self).routes
            + DryRunControl(admin: self).routes + LogLevelControl(admin: self).routes
            + DrainControl(admin: self).routes
    }

    /// `2026-11-29T20:48:21Z`
    static func text(_ date: Date) -> String { date.formatted(.iso8601) }
}
