package import Metrics

/// What one event loop has counted of an endpoint.
package struct EndpointFigures: Sendable {
    package let endpoint: SharedEndpoint
    package let counts: EndpointCounts
    /// On this loop, now.
    package let requestsInFlight: Int
}
