package import Metrics

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
