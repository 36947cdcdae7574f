package import NIOCore
package import Routing

/// The upstreams of one event loop.
package final class Upstreams {
    /// An address that another container has taken over is another upstream: its connections are new.
    private struct Key: Hashable {
        let endpoint: Endpoint
        let identity: String?
    }

    private var upstreams: [Key: Upstream] = [:]
    /// Idle connections kept for one upstream.
    package var idleLimit: Int
    package var idleTimeout: TimeAmount

    package init(idleLimit: Int, idleTimeout: TimeAmount) {
        self.idleLimit = idleLimit
        self.idleTimeout = idleTimeout
    }

    package func upstream(_ endpoint: Endpoint, identity: String?) -> Upstream {
        let key = Key(endpoint: endpoint, identity: identity)
        if let upstream = upstreams[key] { return upstream }
        let upstream = Upstream(endpoint, identity: identity)
        upstreams[key] = upstream
        return upstream
    }

    /// Takes back a connection whose response is complete; closes it where enough wait already.
    package func checkIn(_ connection: any ExchangeUpstream, now: NIODeadline) {
        connection.upstream.checkIn(connection, now: now, limit: idleTimeout > .zero ? idleLimit : 0)
    }

    /// Closes connections that have been idle for too long, and forgets upstreams that nothing refers to.
    ///
    /// - Returns: the upstreams to probe: they could not be reached, and their time has come.
    package func tick(now: NIODeadline) -> [Upstream] {
        var forgotten: [Key] = []
        var probed: [Upstream] = []
        for (key, upstream) in upstreams {
            if upstream.reachability.tick(now: now) { probed.append(upstream) }
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
