/// What the event loops of a tier share about targets. Any thread.
package final class SharedTargets: Sendable {
    /// The requests at each target.
    let counters = TargetCounters()
    /// What is known of each endpoint.
    package let endpoints: SharedEndpoints
    /// Signs the tokens of clients that stay with an endpoint, where a pool has no secret of its own.
    let secret: [UInt8]

    package init(endpoints: SharedEndpoints = SharedEndpoints()) {
        self.endpoints = endpoints
        var system = SystemRandomNumberGenerator()
        secret = (0..<32).map { _ in UInt8.random(in: 0...255, using: &system) }
    }
}
