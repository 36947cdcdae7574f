/// What the event loops of a tier share about targets. Any thread.
package final class SharedTargets: Sendable {
    /// The requests at each target.
    let counters = TargetCounters()
    /// What is known of each endpoint.
    package let endpoints: SharedEndpoints
    /// Signs the tokens of clients that stay with an endpoint, where a pool has no secret of its own.
    let secret: [UInt8]
    let sign: Signature

    /// - Parameter sign: without it no token names an endpoint.
    package init(endpoints: SharedEndpoints = SharedEndpoints(), sign: @escaping Signature = { _, _ in [] }) {
        self.endpoints = endpoints
        self.sign = sign
        var system = SystemRandomNumberGenerator()
        secret = (0..<32).map { _ in UInt8.random(in: 0...255, using: &system) }
    }
}
