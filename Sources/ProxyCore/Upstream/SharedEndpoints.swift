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
    }

    private struct Weak {
        weak var endpoint: SharedEndpoint?
    }

    private let endpoints = NIOLockedValueBox<[Key: Weak]>([:])
    /// See `checksVersion`.
    private let version = Atomic<UInt64>(0)
    private let report: HealthReport?

    /// - Parameter report: receives each change of an endpoint's health.
    package init(report: HealthReport? = nil) {
        self.report = report
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
        arrived: NIODeadline? = nil
    ) -> SharedEndpoint {
        let key = Key(endpoint: endpoint, identity: identity, pool: pool)
        return endpoints.withLockedValue { endpoints in
            if let known = endpoints[key]?.endpoint { return known }
            let new = SharedEndpoint(key, arrived: arrived, of: self)
            endpoints[key] = Weak(endpoint: new)
            return new
        }
    }

    /// All that are in use, in no order. For commands and checks, not for requests.
    package var all: [SharedEndpoint] { endpoints.withLockedValue { $0.values.compactMap(\.endpoint) } }

    /// For tests: how many endpoints there are.
    var count: Int { endpoints.withLockedValue(\.count) }

    /// Changes whenever an endpoint with checks comes or goes, or its check changes.
    package var checksVersion: UInt64 { version.load(ordering: .relaxed) }

    func checksChanged() { version.wrappingAdd(1, ordering: .relaxed) }

    func report(_ event: HealthEvent) { report?(event) }

    func forget(_ key: Key) {
        endpoints.withLockedValue { endpoints in
            // Another may have been made in the meantime.
            guard let entry = endpoints[key], entry.endpoint == nil else { return }
            endpoints[key] = nil
        }
    }
}
