package import Balancing
package import Metrics
package import Routing

/// What one event loop, or all of them, have counted of an endpoint.
package struct EndpointFigures: Sendable {
    package var counts: EndpointCounts
    /// Now.
    package var requestsInFlight: Int

    package mutating func add(_ other: EndpointFigures) {
        counts.add(other.counts)
        requestsInFlight += other.requestsInFlight
    }
}

/// What there is to know of an endpoint at one moment. Refers to nothing that requests use: to hold an endpoint is dear where there
/// are very many.
package struct EndpointReading: Sendable {
    /// Nil for targets without one.
    package let pool: String?
    package let endpoint: Endpoint
    package let flags: HealthFlags
    /// Its weight now, with `slow_start`.
    package let weight: Double
    /// Of all loops, also of those that have forgotten it.
    package var figures: EndpointFigures

    /// - Parameter figures: of the loops that have not forgotten it.
    package init(_ shared: SharedEndpoint, _ figures: EndpointFigures) {
        pool = shared.pool
        endpoint = shared.endpoint
        flags = shared.flags
        weight = Double(shared.pool == nil ? 1 : shared.weight) * shared.share
        self.figures = figures
        self.figures.counts.add(shared.retiredCounts)
    }
}
