package import NIOCore
package import Routing

/// The upstreams of one event loop.
package final class Upstreams {
    /// An address that another container has taken over is another upstream: its connections are new.
    private typealias Key = SharedEndpoints.Key

    private var upstreams: [Key: Upstream] = [:]
    private let shared: SharedEndpoints
    /// Idle connections kept for one upstream.
    package var idleLimit: Int
    package var idleTimeout: TimeAmount

    /// - Parameter shared: of the tier.
    package init(idleLimit: Int, idleTimeout: TimeAmount, shared: SharedEndpoints = SharedEndpoints()) {
        self.shared = shared
        self.idleLimit = idleLimit
        self.idleTimeout = idleTimeout
    }

    /// - Parameters:
    ///   - pool: whose member it is; nil for targets without one.
    ///   - arrived: see `SharedEndpoints.endpoint`.
    package func upstream(
        _ endpoint: Endpoint,
        identity: String?,
        pool: String? = nil,
        arrived: NIODeadline? = nil
    ) -> Upstream {
        let key = Key(endpoint: endpoint, identity: identity, pool: pool)
        if let upstream = upstreams[key] { return upstream }
        let upstream = Upstream(
            shared.endpoint(endpoint, identity: identity, pool: pool, arrived: arrived)
        )
        upstreams[key] = upstream
        return upstream
    }

    /// Requests that endpoints serve, with those whose connection is being made. For commands.
    package func requests(at keys: [SharedEndpoints.Key]) -> Int {
        keys.reduce(0) { sum, key in
            upstreams[key].map { sum + $0.requestsInFlight + $0.connectsUnderWay } ?? sum
        }
    }

    /// Takes back a connection whose response is complete; closes it where enough wait already.
    package func checkIn(_ connection: any ExchangeUpstream, now: NIODeadline) {
        connection.upstream.checkIn(connection, now: now, limit: idleTimeout > .zero ? idleLimit : 0)
    }

    /// Closes connections that have been idle for too long, and forgets upstreams that nothing refers to.
    ///
    /// - Parameter probes: this loop may be the one that probes.
    /// - Returns: the upstreams to probe: they could not be reached, and their time has come.
    package func tick(now: NIODeadline, probes: Bool = true) -> [Upstream] {
        var forgotten: [Key] = []
        var probed: [Upstream] = []
        for (key, upstream) in upstreams {
            if probes, upstream.shared.tick(now: now) { probed.append(upstream) }
            upstream.closeIdle(after: idleTimeout, now: now)
            if upstream.idle.isEmpty { forgotten.append(key) }
        }
        for key in forgotten {
            guard let index = upstreams.index(forKey: key) else { continue }
            if isKnownUniquelyReferenced(&upstreams.values[index]) { upstreams.remove(at: index) }
        }
        return probed
    }

    /// Closes all idle connections.
    ///
    /// - Returns: whether there were any.
    @discardableResult
    package func closeIdle() -> Bool {
        var found = false
        for upstream in upstreams.values where !upstream.idle.isEmpty {
            found = true
            upstream.closeIdle()
        }
        return found
    }
}
