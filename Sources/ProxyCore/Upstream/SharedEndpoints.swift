import Balancing
import NIOConcurrencyHelpers
package import NIOCore
package import Routing
import Synchronization

/// The endpoints of a tier: what its event loops know of each together. Any thread.
///
/// An endpoint is forgotten when no loop uses it any longer.
package final class SharedEndpoints: Sendable {
    /// An address that another container has taken over is another endpoint. In each pool an endpoint has a state of its
    /// own, because pools differ in what counts as a failure, in their checks, and in how many requests they allow.
    package struct Key: Hashable, Sendable {
        package let endpoint: Endpoint
        package let identity: String?
        package let pool: String?
        /// What is known of an endpoint over one link says nothing about another.
        package let link: UpstreamLink

        package init(endpoint: Endpoint, identity: String?, pool: String?, link: UpstreamLink = .http) {
            self.endpoint = endpoint
            self.identity = identity
            self.pool = pool
            self.link = link
        }

        /// What operators mean by an endpoint: over whatever link.
        package var place: Key { Key(endpoint: endpoint, identity: identity, pool: pool) }
    }

    private struct Weak {
        weak var endpoint: SharedEndpoint?
    }

    private let endpoints = NIOLockedValueBox<[Key: Weak]>([:])
    /// Those with checks: few where there are very many.
    private let withChecks = NIOLockedValueBox<[Key: Weak]>([:])
    /// Those with a state that an operator has set: it holds although no loop may use the endpoint for some time, and
    /// over each link. By their places.
    private let kept = NIOLockedValueBox<[Key: SharedEndpoint]>([:])
    /// The most that are kept. The state of others holds while a loop uses them.
    package static let keptEndpoints = 10_000
    /// See `checksVersion`.
    private let version = Atomic<UInt64>(0)
    private let report: HealthReport?
    private let stateEnded: (@Sendable () -> Void)?

    /// - Parameters:
    ///   - report: receives each change of an endpoint's health.
    ///   - stateEnded: called when a state that an operator has set ends, because the settings have changed.
    package init(report: HealthReport? = nil, stateEnded: (@Sendable () -> Void)? = nil) {
        self.report = report
        self.stateEnded = stateEnded
    }

    /// The endpoint that all loops share. It lives as long as one of them uses it.
    ///
    /// - Parameters:
    ///   - pool: whose member it is; nil for targets without one.
    ///   - arrived: when it was added to a pool that had others (`slow_start`); nil: it was there from the start.
    ///     Without effect where it is known.
    package func endpoint(
        _ endpoint: Endpoint,
        identity: String?,
        pool: String? = nil,
        link: UpstreamLink = .http,
        arrived: NIODeadline? = nil
    ) -> SharedEndpoint {
        let key = Key(endpoint: endpoint, identity: identity, pool: pool, link: link)
        let (found, isNew) = endpoints.withLockedValue { endpoints -> (SharedEndpoint, Bool) in
            if let known = endpoints[key]?.endpoint { return (known, false) }
            let new = SharedEndpoint(key, arrived: arrived, of: self)
            endpoints[key] = Weak(endpoint: new)
            return (new, true)
        }
        if isNew, let set = kept.withLockedValue({ $0[key.place] })?.operatorState {
            found.adopt(set, now: arrived ?? .now())
        }
        return found
    }

    /// All that are in use, in no order. For commands, not for requests.
    package var all: [SharedEndpoint] { endpoints.withLockedValue { $0.values.compactMap(\.endpoint) } }

    /// Those with a state that an operator has set, in no order.
    package var setByOperator: [SharedEndpoint] { kept.withLockedValue { Array($0.values) } }

    /// For tests: how many endpoints there are.
    var count: Int { endpoints.withLockedValue(\.count) }

    /// Changes whenever an endpoint with checks comes or goes, or its check changes.
    package var checksVersion: UInt64 { version.load(ordering: .relaxed) }

    /// Those that have checks, in no order.
    package var checked: [SharedEndpoint] { withChecks.withLockedValue { $0.values.compactMap(\.endpoint) } }

    /// - Parameter endpoint: with another check than before, or none.
    func checksChanged(_ endpoint: SharedEndpoint) {
        // Looked at within the lock: of two changes at a time, whichever is noted last has the last state.
        withChecks.withLockedValue {
            $0[endpoint.key] = endpoint.check == nil ? nil : Weak(endpoint: endpoint)
        }
        version.wrappingAdd(1, ordering: .relaxed)
    }

    /// An endpoint whose state an operator has set is not forgotten, whoever uses it.
    func operatorStateChanged(_ endpoint: SharedEndpoint) {
        // Where this is its last reference by now, it ends after the lock.
        let other = kept.withLockedValue { kept -> SharedEndpoint? in
            guard endpoint.health.isSetByOperator else { return kept.removeValue(forKey: endpoint.key.place) }
            guard kept.count < Self.keptEndpoints else { return nil }
            return kept.updateValue(endpoint, forKey: endpoint.key.place)
        }
        withExtendedLifetime(other) {}
    }

    func report(_ event: HealthEvent) { report?(event) }

    /// The settings of an endpoint have ended what an operator had set.
    func operatorStateEnded(of endpoint: SharedEndpoint) {
        operatorStateChanged(endpoint)
        stateEnded?()
    }

    /// - Parameter wasChecked: it had checks.
    func forget(_ key: Key, wasChecked: Bool) {
        Self.forget(key, in: endpoints)
        guard wasChecked else { return }
        Self.forget(key, in: withChecks)
        version.wrappingAdd(1, ordering: .relaxed)
    }

    private static func forget(_ key: Key, in endpoints: NIOLockedValueBox<[Key: Weak]>) {
        // Another may have been made in the meantime. Where this is its last reference by now, it ends after the lock.
        let other = endpoints.withLockedValue { endpoints in
            let other = endpoints[key]?.endpoint
            if other == nil { endpoints[key] = nil }
            return other
        }
        withExtendedLifetime(other) {}
    }
}
