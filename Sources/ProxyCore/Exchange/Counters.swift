/// What one event loop has counted since it started.
package struct Counters: Sendable {
    package var connections: UInt64 = 0
    /// Connections closed at once, over `limits.connections` or `connections_per_client`.
    package var rejected: UInt64 = 0
    package var requests: UInt64 = 0
    /// Requests that have not ended yet, with upgraded connections.
    package var requestsInFlight = 0
    package var retries: UInt64 = 0
    /// TLS handshakes that came to an end; those of them that resumed a session; and those that failed.
    package var handshakes: UInt64 = 0
    package var resumedHandshakes: UInt64 = 0
    package var failedHandshakes: UInt64 = 0
    /// HTTP/2 connections that were ended for a flood of frames.
    package var abusiveConnections: UInt64 = 0
    /// Exchanges that failed, by reason.
    package var failures: [Failure.Reason: UInt64] = [:]

    package init() {}

    /// A request has begun or ended.
    mutating func activeChanged(from old: Bool, to new: Bool) {
        if new != old { requestsInFlight &+= new ? 1 : -1 }
    }

    package mutating func add(_ other: Counters) {
        connections &+= other.connections
        rejected &+= other.rejected
        requests &+= other.requests
        requestsInFlight &+= other.requestsInFlight
        retries &+= other.retries
        handshakes &+= other.handshakes
        resumedHandshakes &+= other.resumedHandshakes
        failedHandshakes &+= other.failedHandshakes
        abusiveConnections &+= other.abusiveConnections
        failures.merge(other.failures) { $0 &+ $1 }
    }
}
