package import NIOCore
package import Routing

/// The upstreams of one event loop.
package final class Upstreams {
    /// An address that another container has taken over is another upstream: its connections are new. So is an endpoint
    /// over another link.
    private typealias Key = SharedEndpoints.Key

    private var all: [Upstream] = []
    /// What all loops know of each, in the same order: a copy for readers costs next to nothing.
    private var endpoints: [SharedEndpoint] = []
    /// Where each is in `all`.
    private var places: [Key: Int] = [:]
    /// Where the next tick goes on.
    private var hand = 0
    /// Readings of their figures that are under way.
    private var readings = 0
    /// Those to which connections are being made: how long that may take is watched at each tick.
    private var connecting: [Upstream] = []
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
        link: UpstreamLink = .http,
        arrived: NIODeadline? = nil
    ) -> Upstream {
        let key = Key(endpoint: endpoint, identity: identity, pool: pool, link: link)
        if let place = places[key] { return all[place] }
        let upstream = Upstream(
            shared.endpoint(endpoint, identity: identity, pool: pool, link: link, arrived: arrived)
        )
        places[key] = all.count
        all.append(upstream)
        endpoints.append(upstream.shared)
        return upstream
    }

    /// A connection is being made.
    func connectBegan(to upstream: Upstream) {
        upstream.connectBegan()
        guard !upstream.isWatched else { return }
        upstream.isWatched = true
        connecting.append(upstream)
    }

    /// Requests that endpoints serve, with those whose connection is being made. For commands.
    package func requests(at keys: [SharedEndpoints.Key]) -> Int {
        keys.reduce(0) { sum, key in
            places[key].map { sum + all[$0].requestsInFlight + all[$0].connectsUnderWay } ?? sum
        }
    }

    // MARK: Readings of what metrics have counted, in parts: of very many upstreams each takes the loop some time

    /// Until `endReading` no upstream is forgotten: what a loop has counted is in its figures or among those that the endpoint
    /// keeps of loops that have forgotten it, and never in both.
    ///
    /// - Returns: the endpoints, in the order of `figures(of:)`.
    package func beginReading() -> [SharedEndpoint] {
        readings += 1
        return endpoints
    }

    /// - Parameter range: of the endpoints that the reading began with.
    package func figures(of range: Range<Int>) -> [EndpointFigures] {
        all[range].map { EndpointFigures(counts: $0.counts, requestsInFlight: $0.requestsInFlight) }
    }

    package func endReading() { readings -= 1 }

    /// Takes back a connection whose response is complete; closes it where enough wait already.
    package func checkIn(_ connection: any ExchangeUpstream, now: NIODeadline) {
        connection.upstream.checkIn(connection, now: now, limit: idleTimeout > .zero ? idleLimit : 0)
    }

    /// Upstreams that one tick looks at. It takes a loop about a millisecond.
    package static let ticked = 2000

    /// Closes connections that have been idle for too long, and forgets upstreams that nothing refers to. Of very many
    /// upstreams each tick looks at some.
    ///
    /// - Parameter probes: this loop may be the one that probes.
    /// - Returns: the upstreams to probe: they could not be reached, and their time has come.
    package func tick(now: NIODeadline, probes: Bool = true) -> [Upstream] {
        var probed: [Upstream] = []
        func look(at upstream: Upstream) {
            if probes, upstream.shared.tick(now: now) { probed.append(upstream) }
        }
        connecting.removeAll { upstream in
            look(at: upstream)
            upstream.isWatched = upstream.connectsUnderWay > 0
            return !upstream.isWatched
        }
        for _ in 0..<min(Self.ticked, all.count) {
            if hand >= all.count { hand = 0 }
            look(at: all[hand])
            all[hand].closeIdle(after: idleTimeout, now: now)
            all[hand].multiplexed?.tick(now: now, idleTimeout: idleTimeout)
            // The one that takes its place is next.
            if readings > 0 || !all[hand].isDispensable || !forget(hand) { hand += 1 }
        }
        return probed
    }

    /// - Returns: whether nothing refers to it.
    private func forget(_ place: Int) -> Bool {
        guard isKnownUniquelyReferenced(&all[place]) else { return false }
        all.swapAt(place, all.count - 1)
        let upstream = all.removeLast()
        endpoints.swapAt(place, endpoints.count - 1)
        endpoints.removeLast()
        places[upstream.shared.key] = nil
        if place < all.count { places[all[place].shared.key] = place }
        upstream.shared.retire(upstream.counts)
        return true
    }

    /// Closes all idle connections.
    ///
    /// - Returns: whether there were any.
    @discardableResult
    package func closeIdle() -> Bool {
        var found = false
        for upstream in all where upstream.closeIdle() { found = true }
        return found
    }
}
