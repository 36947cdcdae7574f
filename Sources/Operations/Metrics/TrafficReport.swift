/// `GET /traffic`: rates of the last seconds.
struct TrafficReport: Codable, Sendable, Equatable {
    /// The rules and endpoints that are shown: those with the most requests.
    static let maxRules = 1000
    static let maxEndpoints = 1000

    /// The time that the rates are of: about ten seconds, or less after the first request for it.
    var windowSeconds = 0.0
    var requestsPerSecond = 0.0
    /// Requests that ended with a status of 5xx, or without one.
    var errorsPerSecond = 0.0
    /// Now.
    var inFlight = 0
    /// Those with requests, the most first.
    var rules: [Rule] = []
    var endpoints: [Endpoint] = []
    /// Rates by first digit of the status: `2xx`.
    var statuses: [String: Double] = [:]

    struct Rule: Codable, Sendable, Equatable {
        /// `-`: no rule has decided.
        var name: String
        var requestsPerSecond: Double
        var errorsPerSecond: Double
        var p50Ms: Double?
        var p99Ms: Double?
    }

    struct Endpoint: Codable, Sendable, Equatable {
        /// Nil: the target has no pool.
        var pool: String?
        var endpoint: String
        var requestsPerSecond: Double
        var errorsPerSecond: Double
    }
}
