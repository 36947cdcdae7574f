import Metrics

/// `GET /top`: the hosts with the most requests, bytes or errors.
struct TopReport: Codable, Sendable, Equatable {
    /// `requests`, `bytes` or `errors`.
    var by: String
    /// The time that the counts are of: one to two minutes, or since the start.
    var windowSeconds: Double
    /// The largest first.
    var hosts: [Host]

    struct Host: Codable, Sendable, Equatable {
        /// As clients have sent it, in lower case and without a port: hostile text.
        var host: String
        var requests: UInt64
        /// Of request and response bodies.
        var bytes: UInt64
        /// Requests that ended with a status of 5xx, or without one.
        var errors: UInt64

        init(_ host: TopRanking.Host) {
            self.host = host.host
            requests = host.figures.requests
            bytes = host.figures.bytes
            errors = host.figures.errors
        }
    }
}
