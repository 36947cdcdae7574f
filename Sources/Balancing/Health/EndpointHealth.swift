/// The health of one endpoint: what real traffic shows, what checks show, and what an operator has set.
///
/// Time is an argument. Memory is constant. Not thread-safe: a value of whoever holds it.
public struct EndpointHealth: Sendable {
    public enum State: Sendable, Hashable {
        case up
        /// Requests go to other endpoints; at this time it is tried again.
        case avoided(until: MonotonicTime)
        /// A probe or a trial is under way or due.
        case probing
        case down(HealthTransition.Cause)
    }

    private var settings: EndpointSettings?
    private var passive: PassiveHealth
    private var active: ActiveHealth?
    private var history = HealthHistory()
    private var condition = HealthTransition.Condition.up
    /// Why it is down, while it is.
    private var downCause = HealthTransition.Cause.unchecked
    public private(set) var administrativeState = EndpointSettings.AdministrativeState.up
    /// `administrativeState` is what an operator has set, and differs from the settings.
    public private(set) var isSetByOperator = false
    /// When it last came back, or came as a newcomer; nil: it has been there since the start.
    public private(set) var cameBack: MonotonicTime?

    /// - Parameter arrived: when the endpoint was added to a pool that had others; nil: it was there from the start.
    public init(arrived: MonotonicTime? = nil) {
        passive = PassiveHealth()
        cameBack = arrived
    }

    // MARK: Settings

    /// The settings of a pool. Without a call only connections count, nothing is checked, and a share does not grow.
    ///
    /// What is known of the endpoint stays.
    ///
    /// - Parameters:
    ///   - check: nil: there are no checks.
    ///   - resetsChecks: it is another check than so far, whose results say nothing.
    public mutating func configure(
        _ settings: EndpointSettings,
        check: HealthCheck? = nil,
        resetsChecks: Bool = false,
        now: MonotonicTime
    ) {
        if settings.administrativeState != self.settings?.administrativeState ?? .up {
            administrativeState = settings.administrativeState
            isSetByOperator = false
        }
        self.settings = settings
        passive.configure(maxFailures: settings.maxFailures, failTimeout: settings.failTimeout)
        if let check {
            if resetsChecks { active = nil }
            active = active ?? ActiveHealth(check)
            active?.configure(check)
        } else {
            active = nil
        }
        settle(now, check == nil || administrativeState == .down ? .administrative : .unchecked)
    }

    /// What an operator sets; holds until the next call, or until the settings change it.
    ///
    /// - Parameter overridesSource: whoever lists the endpoint states otherwise: it is an operator's state also where the
    ///   settings have the same.
    public mutating func set(
        _ state: EndpointSettings.AdministrativeState,
        overridesSource: Bool = false,
        now: MonotonicTime
    ) {
        administrativeState = state
        isSetByOperator = overridesSource || state != settings?.administrativeState ?? .up
        settle(now, .administrative)
    }

    /// Its weight in its pool, before `share`; 1 where it has no settings.
    public var weight: Int { Int(settings?.weight ?? 1) }

    /// What the settings have, whatever an operator has set.
    public var configuredState: EndpointSettings.AdministrativeState { settings?.administrativeState ?? .up }

    // MARK: State

    /// What checks show; nil: there are none.
    public var checks: ActiveHealth? { active }

    public func state(now: MonotonicTime) -> State {
        if condition == .down { return .down(downCause) }
        return switch passive.state(now: now) {
        case .well: .up
        case .avoided(let until): .avoided(until: until)
        case .trialDue, .probing: .probing
        }
    }

    /// Valid until the next event or `tick`.
    public func flags(now: MonotonicTime) -> HealthFlags {
        var flags: HealthFlags = []
        if condition == .down {
            flags.insert(.avoided)
            if active?.isUp == false { flags.insert(.checkedDown) }
            if administrativeState == .down { flags.insert(.administrativelyDown) }
        } else {
            switch passive.state(now: now) {
            case .well: break
            case .avoided, .probing: flags.insert(.avoided)
            case .trialDue: flags.insert(.trialDue)
            }
        }
        if administrativeState == .drain { flags.insert(.drains) }
        if isSetByOperator { flags.insert(.setByOperator) }
        if share(now: now) < 1 { flags.formUnion([.growing, .unsettled]) }
        if passive.isUnsettled { flags.insert(.unsettled) }
        if passive.awaitsSuccess { flags.insert(.awaitsSuccess) }
        if settings.map({ $0.maxFailures > 0 }) ?? false { flags.insert(.countsFailures) }
        return flags
    }

    /// The part of its weight that it has now, from 0.01 to 1: after it came back it grows for `slow_start`.
    public func share(now: MonotonicTime) -> Double {
        guard let cameBack, let time = settings?.slowStart, time > .zero else { return 1 }
        let passed = now.since(cameBack)
        return passed >= time ? 1 : max(Self.leastShare, passed / time)
    }

    private static let leastShare = 0.01

    /// The last 8, the oldest first.
    public var transitions: [HealthTransition] { history.transitions }
    /// Transitions so far.
    public var transitionCount: UInt64 { history.count }

    // MARK: Connections

    public mutating func connecting(now: MonotonicTime) { passive.connecting(now: now) }

    public mutating func connected(now: MonotonicTime) {
        passive.connected(now: now)
        settle(now, .connected)
    }

    public mutating func connectFailed(now: MonotonicTime, detail: String = "", evidence: String = "") {
        passive.connectFailed(now: now)
        settle(now, .connectFailed, detail, evidence)
    }

    /// Nothing is known of the attempt: it ended for a reason that is not the endpoint's.
    public mutating func connectAbandoned(now: MonotonicTime) {
        passive.connectAbandoned(now: now)
        settle(now, .connectFailed)
    }

    // MARK: Requests: see `PassiveHealth`

    public mutating func beginTrial(now: MonotonicTime) -> Bool {
        condition != .down && passive.beginTrial(now: now)
    }

    public mutating func requestSucceeded(began: MonotonicTime, now: MonotonicTime, evidence: String = "") {
        passive.requestSucceeded(began: began, now: now)
        settle(now, .requestServed, "", evidence)
    }

    public mutating func requestFailed(
        began: MonotonicTime,
        now: MonotonicTime,
        detail: String = "",
        evidence: String = ""
    ) {
        passive.requestFailed(began: began, now: now)
        settle(now, .requestsFailed, detail, evidence)
    }

    public mutating func requestAbandoned(began: MonotonicTime, now: MonotonicTime) {
        passive.requestAbandoned(began: began, now: now)
        settle(now, .requestsFailed)
    }

    // MARK: Checks

    /// - Parameter connects: the check has made a connection to the endpoint itself, not to another port.
    public mutating func checkSucceeded(now: MonotonicTime, connects: Bool = true, evidence: String = "") {
        guard active != nil else { return }
        active?.succeeded()
        // A connection was made: the endpoint can be reached.
        if connects, passive.isUnreachable { passive.reached(now: now) }
        settle(now, .checksSucceeded, "", evidence)
    }

    public mutating func checkFailed(now: MonotonicTime, detail: String = "", evidence: String = "") {
        guard active != nil else { return }
        active?.failed()
        settle(now, .checksFailed, detail, evidence)
    }

    /// Checks have ended for now, and say nothing of the endpoint any longer: it is what it was before the first.
    public mutating func checksPaused(_ check: HealthCheck, now: MonotonicTime) {
        guard active != nil else { return }
        active = ActiveHealth(check)
        settle(now, .unchecked)
    }

    // MARK: Time

    /// To be called a few times a second while `unsettled`.
    ///
    /// - Returns: whether to probe the endpoint now, with one connection (`connecting` follows).
    public mutating func tick(now: MonotonicTime) -> Bool {
        let probes = passive.tick(now: now)
        settle(now, .connectSlow)
        return probes
    }

    /// Notes what an event has changed.
    private mutating func settle(
        _ now: MonotonicTime,
        _ cause: HealthTransition.Cause,
        _ detail: String = "",
        _ evidence: String = ""
    ) {
        let before = condition
        if administrativeState == .down || active?.isUp == false {
            condition = .down
        } else {
            condition = passive.isUnreachable || passive.isEjected ? .avoided : .up
        }
        guard condition != before else { return }
        if condition == .down { downCause = administrativeState == .down ? .administrative : cause }
        // At the start of the process, checks find out what is up: nothing comes back.
        if condition == .up, before != .down || downCause != .unchecked { cameBack = now }
        history.append(
            HealthTransition(
                time: now,
                from: before,
                to: condition,
                cause: cause,
                detail: detail.limited,
                evidence: evidence.limited
            )
        )
    }
}

extension String {
    fileprivate var limited: String {
        utf8.count <= HealthTransition.evidenceBytes
            ? self : String(decoding: utf8.prefix(HealthTransition.evidenceBytes), as: UTF8.self)
    }
}
