package import NIOCore
package import Routing

/// An endpoint on one event loop: its identity, its idle connections, the requests that it serves,
/// and whether it can be reached.
///
/// Lives as long as anything refers to it: a target, a request, or an idle connection.
package final class Upstream {
    package let endpoint: Endpoint
    /// What the name source found at the address; nil where it does not know. A new identity is another upstream.
    package let identity: String?
    /// The connection that was used last is used first, so that the others grow old and close.
    package fileprivate(set) var idle: [any ExchangeUpstream] = []

    /// Requests that it has been sent and whose response, or tunnel, has not ended.
    package private(set) var requestsInFlight = 0
    var reachability = Reachability()
    /// Connections to it cannot be made: requests go to other endpoints of their target, if there are any.
    package var isAvoided: Bool { reachability.isAvoided }

    package init(_ endpoint: Endpoint, identity: String? = nil) {
        self.endpoint = endpoint
        self.identity = identity
    }

    /// An idle connection, or nil.
    ///
    /// - Parameter probing: also looks for pending input. That costs a system call, and spares a request that
    ///   cannot be sent again a connection that its endpoint has just closed.
    package func checkOut(probing: Bool) -> (any ExchangeUpstream)? {
        while let connection = idle.popLast() {
            guard connection.isUsable else { continue }
            if !probing || connection.hasNoPendingInput { return connection }
            connection.close()
        }
        return nil
    }

    func requestBegan() {
        requestsInFlight += 1
    }

    func requestEnded() {
        requestsInFlight -= 1
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
    func closeIdle() {
        let connections = idle
        idle = []
        for connection in connections { connection.close() }
    }
}
