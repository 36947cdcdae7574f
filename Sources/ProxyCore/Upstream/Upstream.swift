import Balancing
package import Metrics
package import NIOCore
package import Routing

/// An endpoint on one event loop: its identity, its idle connections, the requests that it serves, and what all
/// loops know of it.
///
/// Lives as long as anything refers to it: a target, a request, or an idle connection.
package final class Upstream {
    package let endpoint: Endpoint
    /// What the name source found at the address; nil where it does not know. A new identity is another upstream.
    package let identity: String?
    /// How connections to it are made.
    package let link: UpstreamLink
    /// What its connections keep for the next one, such as a session of TLS; nil: nothing.
    package var linkState: AnyObject?
    /// The connection that was used last is used first, so that the others grow old and close.
    package fileprivate(set) var idle: [any ExchangeUpstream] = []
    /// Its connections that requests share; nil: there were none yet. To be set once.
    package var multiplexed: (any MultiplexedUpstream)?

    /// Requests that it has been sent and whose response, or tunnel, has not ended.
    package private(set) var requestsInFlight = 0
    /// Connections to it that are being made.
    private(set) var connectsUnderWay = 0
    /// `Upstreams` looks at it at each tick, for the sake of those.
    var isWatched = false
    /// What metrics have counted of its requests, on this loop.
    package var counts = EndpointCounts()
    /// Its state on all loops.
    package let shared: SharedEndpoint
    /// How long its responses take on this loop. Measured where the pool's method needs it.
    private var responseTimes = PeakEWMA()
    /// Something is wrong with it: requests go to other endpoints of their target, if there are any.
    package var isAvoided: Bool { shared.isAvoided }

    package init(_ shared: SharedEndpoint) {
        self.endpoint = shared.endpoint
        self.identity = shared.identity
        self.link = shared.link
        self.shared = shared
    }

    /// One that no other loop shares.
    package convenience init(
        _ endpoint: Endpoint,
        identity: String? = nil,
        pool: String? = nil,
        link: UpstreamLink = .http
    ) {
        self.init(SharedEndpoint(endpoint, identity: identity, pool: pool, link: link))
    }

    /// Whether a request may go there as far as its health is concerned. After an ejection only one request may:
    /// whoever gets true sends it.
    ///
    /// - Parameter isBound: the request belongs to the endpoint: it may go there also while it drains.
    func admits(now: NIODeadline, isBound: Bool = false) -> Bool {
        let flags = shared.flags
        guard !flags.isDisjoint(with: [.avoided, .trialDue, .drains]) else { return true }
        guard flags.isDisjoint(with: isBound ? .avoided : [.avoided, .drains]) else { return false }
        return !flags.contains(.trialDue) || shared.beginTrial(now: now)
    }

    /// An idle connection, or a stream of one that requests share; or nil.
    ///
    /// - Parameter probing: also looks for pending input. That costs a system call, and spares a request that
    ///   cannot be sent again a connection that its endpoint has just closed.
    /// - Parameter upgrades: the request changes to WebSocket.
    package func checkOut(probing: Bool, upgrades: Bool = false) -> (any ExchangeUpstream)? {
        if let stream = multiplexed?.openStream(probing: probing, upgrades: upgrades) { return stream }
        while let connection = idle.popLast() {
            guard connection.isUsable else {
                connection.close()
                continue
            }
            if !probing || connection.hasNoPendingInput { return connection }
            connection.close()
        }
        return nil
    }

    /// Takes the time of one response.
    func responded(after time: TimeAmount, now: NIODeadline) {
        let nanoseconds = UInt64(max(0, time.nanoseconds))
        responseTimes.record(nanoseconds: nanoseconds, now: now.uptimeNanoseconds)
    }

    /// Nanoseconds; 0: not known.
    func responseTime(now: NIODeadline) -> UInt64 { responseTimes.value(now: now.uptimeNanoseconds) }

    func requestBegan() {
        requestsInFlight += 1
    }

    func requestEnded() {
        requestsInFlight -= 1
    }

    func connectBegan() {
        connectsUnderWay += 1
    }

    func connectEnded() {
        connectsUnderWay -= 1
    }

    /// Takes back a connection whose response is complete; closes it where enough wait already.
    package func checkIn(_ connection: any ExchangeUpstream, now: NIODeadline, limit: Int) {
        guard connection.isUsable, idle.count < limit else { return connection.close() }
        connection.idleSince = now
        idle.append(connection)
    }

    /// The connection has ended while it was idle.
    package func remove(_ connection: any ExchangeUpstream) {
        if let index = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: index) }
    }

    /// Closes the connections that have been idle for `timeout`.
    func closeIdle(after timeout: TimeAmount, now: NIODeadline) {
        // The oldest come first.
        let expired = idle.prefix { now - $0.idleSince >= timeout }
        guard !expired.isEmpty else { return }
        idle.removeFirst(expired.count)
        for connection in expired { connection.close() }
    }

    /// Closes all idle connections.
    ///
    /// - Returns: whether there were any.
    func closeIdle() -> Bool {
        let connections = idle
        idle = []
        for connection in connections { connection.close() }
        let hasOthers = multiplexed?.closeIdle() ?? false
        return hasOthers || !connections.isEmpty
    }

    /// It has no connection that it would lose.
    var isDispensable: Bool { idle.isEmpty && multiplexed?.isEmpty ?? true }
}
