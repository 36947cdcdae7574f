package import ProxyCore

/// What one event loop has counted, at one moment.
package struct LoopFigures: Sendable {
    package let counters: Counters
    /// Connections of clients that are open.
    package let connections: Int
    /// The time that the loop has worked and not waited, nanoseconds.
    package let busy: UInt64
    /// The longest that it has worked without a wait since the last reading, nanoseconds.
    package let longestStall: UInt64
    /// Nil: the tier counts no requests.
    package let requests: Requests?

    package struct Requests: Sendable {
        package let rules: [RuleFigures]
        package let excluded: UInt64
        /// Connections to endpoints.
        package let connects: (made: UInt64, failed: UInt64)
    }
}

/// What all event loops of a tier have counted.
package struct TierFigures: Sendable {
    package let loops: [LoopFigures]
    package let endpoints: [EndpointReading]
}
