package import Balancing
package import Metrics
import NIOConcurrencyHelpers
package import NIOCore
package import Routing
import Synchronization

/// An endpoint as all event loops of a tier know it: its health, and the requests that it has. Any thread.
///
/// What a request needs of it is one word, read without a lock. The machine behind it is locked for connections,
/// failures and checks alone, never for a request that is served on a connection that was kept.
package final class SharedEndpoint: Sendable {
    private struct State {
        var health: EndpointHealth
        var check: HealthCheck?
        /// Of the rules that its settings come from.
        var generation: UInt64 = 0
    }

    package let key: SharedEndpoints.Key
    package var endpoint: Endpoint { key.endpoint }
    package var identity: String? { key.identity }
    /// Whose member it is; nil for targets without a pool.
    package var pool: String? { key.pool }
    package var link: UpstreamLink { key.link }

    private let endpoints: SharedEndpoints?
    private let requests = Atomic<Int>(0)
    /// What `HealthWord` says of `state`.
    private let word = Atomic<UInt32>(0)
    /// When a target was last in use that has it, nanoseconds of the loops' clock.
    private let used = Atomic<UInt64>(0)
    private let state: NIOLockedValueBox<State>
    /// What loops have counted that have forgotten it since.
    private let retired = NIOLockedValueBox(EndpointCounts())

    /// - Parameters:
    ///   - arrived: when it was added to a pool that had others; nil: it was there from the start.
    ///   - endpoints: nil: nobody shares it.
    init(_ key: SharedEndpoints.Key, arrived: NIODeadline? = nil, of endpoints: SharedEndpoints? = nil) {
        self.key = key
        self.endpoints = endpoints
        state = NIOLockedValueBox(State(health: EndpointHealth(arrived: arrived.map(MonotonicTime.init))))
    }

    /// An endpoint that nobody shares: for the dry run and tests.
    package convenience init(
        _ endpoint: Endpoint,
        identity: String? = nil,
        pool: String? = nil,
        link: UpstreamLink = .http
    ) {
        self.init(SharedEndpoints.Key(endpoint: endpoint, identity: identity, pool: pool, link: link))
    }

    deinit {
        endpoints?.forget(key, wasChecked: check != nil)
    }

    // MARK: For picks: one relaxed load each

    /// Requests go to other endpoints while there are any.
    package var isAvoided: Bool { flags.contains(.avoided) }
    package var flags: HealthFlags { HealthWord(word.load(ordering: .relaxed)).flags }
    /// The part of its weight that it has now, from 0.01 to 1 (`slow_start`); a tick old at most.
    package var share: Double { HealthWord(word.load(ordering: .relaxed)).share }

    // MARK: Counts

    /// A loop forgets it, and what it has counted stays.
    func retire(_ counts: EndpointCounts) { retired.withLockedValue { $0.add(counts) } }

    package var retiredCounts: EndpointCounts { retired.withLockedValue { $0 } }

    // MARK: Requests in flight, on all loops. Only members of pools are counted.

    package var requestsInFlight: Int { requests.load(ordering: .relaxed) }

    /// One more request, where there are fewer than `limit` (`max_conns`); whoever may go on has to `leave`.
    package func enter(limit: Int = .max) -> Bool {
        guard requests.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            leave()
            return false
        }
        return true
    }

    package func leave() { requests.wrappingSubtract(1, ordering: .relaxed) }

    // MARK: Settings

    /// The settings of its pool, from now on; to be called on any loop, and as often as one likes. What is known of the
    /// endpoint stays, but for the results of another check. Without a call only connections count.
    ///
    /// - Parameters:
    ///   - check: nil: there are no checks.
    ///   - generation: of the rules (`Pool.generation`). Earlier ones, which a loop may still have, change nothing.
    package func configure(
        _ settings: EndpointSettings,
        check: HealthCheck? = nil,
        generation: UInt64 = 0,
        now: NIODeadline
    ) {
        let (changesCheck, endsOperatorState) = change(now) { state, now in
            guard generation >= state.generation else { return (false, false) }
            state.generation = generation
            defer { state.check = check }
            let wasSetByOperator = state.health.isSetByOperator
            state.health.configure(
                settings,
                check: check,
                resetsChecks: check?.isAnother(than: state.check) ?? false,
                now: now
            )
            return (state.check != check, wasSetByOperator && !state.health.isSetByOperator)
        }
        if endsOperatorState { endpoints?.operatorStateEnded(of: self) }
        if changesCheck { endpoints?.checksChanged(self) }
    }

    /// What an operator sets; holds until the next call, or until the settings change it, also while no target that has
    /// the endpoint is in use.
    ///
    /// - Parameter overridesSource: a name source states otherwise.
    package func set(
        _ state: EndpointSettings.AdministrativeState,
        overridesSource: Bool = false,
        now: NIODeadline
    ) {
        change(now) { $0.health.set(state, overridesSource: overridesSource, now: $1) }
        endpoints?.operatorStateChanged(self)
    }

    package var check: HealthCheck? { state.withLockedValue(\.check) }
    /// All that is known, for commands.
    package var health: EndpointHealth { state.withLockedValue(\.health) }

    /// Its weight, as settings, entries and operators have it.
    package var weight: Int { state.withLockedValue(\.health.weight) }

    // MARK: Connections

    package func connecting(now: NIODeadline) { change(now) { $0.health.connecting(now: $1) } }

    package func connected(now: NIODeadline) { change(now) { $0.health.connected(now: $1) } }

    /// - Parameters:
    ///   - detail: the failure in one word.
    ///   - evidence: what shows it, such as a request id.
    package func connectFailed(now: NIODeadline, detail: String = "", evidence: String = "") {
        change(now) { $0.health.connectFailed(now: $1, detail: detail, evidence: evidence) }
    }

    /// Nothing is known of the attempt: it ended for a reason that is not the endpoint's.
    package func connectAbandoned(now: NIODeadline) {
        change(now) { $0.health.connectAbandoned(now: $1) }
    }

    // MARK: Requests. Without effect, and without a lock, where they change nothing.

    /// - Returns: whether the caller may send the one request that is let through after an ejection (`trialDue`).
    package func beginTrial(now: NIODeadline) -> Bool {
        guard flags.contains(.trialDue) else { return false }
        return change(now) { $0.health.beginTrial(now: $1) }
    }

    /// A response began.
    ///
    /// - Parameter began: when the request was sent.
    package func requestSucceeded(
        began: NIODeadline,
        now: NIODeadline,
        evidence: @autoclosure () -> String = ""
    ) {
        guard flags.contains(.awaitsSuccess) else { return }
        let evidence = evidence()
        change(now) {
            $0.health.requestSucceeded(began: MonotonicTime(began), now: $1, evidence: evidence)
        }
    }

    /// After the connection was there, the endpoint failed.
    ///
    /// - Parameters:
    ///   - began: when the request was sent.
    ///   - detail: the failure in one word.
    package func requestFailed(
        began: NIODeadline,
        now: NIODeadline,
        detail: String,
        evidence: @autoclosure () -> String = ""
    ) {
        guard flags.contains(.countsFailures) else { return }
        let evidence = evidence()
        change(now) {
            $0.health.requestFailed(
                began: MonotonicTime(began),
                now: $1,
                detail: detail,
                evidence: evidence
            )
        }
    }

    /// The request ended without a result that says anything of the endpoint.
    package func requestAbandoned(began: NIODeadline, now: NIODeadline) {
        guard flags.contains(.awaitsSuccess) else { return }
        change(now) { $0.health.requestAbandoned(began: MonotonicTime(began), now: $1) }
    }

    // MARK: Checks

    /// - Parameter check: that was made; its result says nothing where the endpoint has another one by now.
    package func checked(
        _ check: HealthCheck,
        failure: String?,
        evidence: String = "",
        now: NIODeadline
    ) {
        change(now) { state, now in
            guard let current = state.check, !current.isAnother(than: check) else { return }
            if let failure {
                state.health.checkFailed(now: now, detail: failure, evidence: evidence)
            } else {
                let connects = check.port.map { $0 == key.endpoint.port } ?? true
                state.health.checkSucceeded(now: now, connects: connects, evidence: evidence)
            }
        }
    }

    /// Nothing checks it for now, as no target that is in use has it.
    package func checksPaused(now: NIODeadline) {
        change(now) { state, now in
            if let check = state.check { state.health.checksPaused(check, now: now) }
        }
    }

    /// A target that has it is in use.
    package func markUse(now: NIODeadline) {
        used.store(now.uptimeNanoseconds, ordering: .relaxed)
    }

    /// When a target was last in use that has it.
    package var lastUse: NIODeadline { .uptimeNanoseconds(used.load(ordering: .relaxed)) }

    // MARK: Time

    /// To be called by each loop at each of its ticks. One relaxed load where time changes nothing.
    ///
    /// - Returns: whether the caller has to probe the endpoint, by one connection without a request.
    package func tick(now: NIODeadline) -> Bool {
        guard flags.contains(.unsettled) else { return false }
        return change(now) { $0.health.tick(now: $1) }
    }

    /// Changes the state, and the word with it; reports what has become of its health.
    @discardableResult
    private func change<Result>(
        _ now: NIODeadline,
        _ body: (inout State, MonotonicTime) -> Result
    ) -> Result {
        let now = MonotonicTime(now)
        let (result, transition) = state.withLockedValue { state -> (Result, HealthTransition?) in
            let before = state.health.transitionCount
            let result = body(&state, now)
            // Within the lock: words come in the order of states.
            word.store(HealthWord(state.health, now: now).rawValue, ordering: .relaxed)
            return (result, state.health.transitionCount == before ? nil : state.health.transitions.last)
        }
        if let transition, let endpoints {
            endpoints.report(
                HealthEvent(endpoint: endpoint, identity: identity, pool: pool, transition: transition)
            )
        }
        return result
    }
}

extension HealthCheck {
    /// Results of the other one say nothing about this one.
    fileprivate func isAnother(than other: HealthCheck?) -> Bool {
        other.map { kind != $0.kind || port != $0.port } ?? true
    }
}
