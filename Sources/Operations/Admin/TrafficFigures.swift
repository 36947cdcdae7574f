/// Rates of a running tier, as `GET /traffic` shows them.
package struct TrafficFigures: Codable, Sendable, Equatable {
    package struct Rule: Codable, Sendable, Equatable {
        package var name: String
        package var requestsPerSecond: Double
        package var errorsPerSecond: Double
        package var p50Ms: Double?
        package var p99Ms: Double?
    }

    package struct Endpoint: Codable, Sendable, Equatable {
        package var pool: String?
        package var endpoint: String
        package var requestsPerSecond: Double
        package var errorsPerSecond: Double
    }

    package var windowSeconds: Double
    package var requestsPerSecond: Double
    package var errorsPerSecond: Double
    package var inFlight: Int
    package var rules: [Rule]
    package var endpoints: [Endpoint]
    /// Responses by the class of their status: `2xx`, `5xx`, …
    package var statuses: [String: Double]
}

/// The hosts with the most requests, as `GET /top` shows them.
package struct HostFigures: Codable, Sendable, Equatable {
    package struct Host: Codable, Sendable, Equatable {
        package var host: String
        package var requests: UInt64
        package var bytes: UInt64
        package var errors: UInt64
    }

    package var hosts: [Host]
}

extension AdminClient {
    /// Nil: the tier has no such report.
    package func traffic() async throws(ControlClient.Problem) -> TrafficFigures? {
        try await optional(["traffic"])
    }

    /// Nil: the tier has no such report.
    package func topHosts(limit: Int) async throws(ControlClient.Problem) -> HostFigures? {
        try await optional(["top"], query: [("by", "requests"), ("limit", "\(limit)")])
    }
}
