/// How an endpoint is checked without a client's request.
public struct HealthCheck: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// A connection can be made.
        case tcp
        case http(HTTP)
    }

    public struct HTTP: Sendable, Hashable {
        /// The request's method (default GET).
        public var method = "GET"
        /// Path and query (default `/`).
        public var path = "/"
        /// The request's `Host` (default nil: the endpoint's address and port).
        public var host: String?
        /// The statuses that are healthy (default 200 to 399).
        public var statuses: [ClosedRange<Int>] = [200...399]
        /// A PCRE2 pattern that the first 64 KiB of the body must match somewhere (default nil: any body).
        public var body: String?

        public init() {}
    }

    public var kind = Kind.http(HTTP())
    /// The port to check (default nil: the endpoint's).
    public var port: UInt16?
    /// From one check to the next (default 5 s), a tenth more or less at random.
    public var interval = Duration.seconds(5)
    /// How long one check may take (default 2 s; at most `interval`).
    public var timeout = Duration.seconds(2)
    /// Successes in a row after which an endpoint is up again (default 2).
    public var rise = 2
    /// Failures in a row after which an endpoint is down (default 3).
    public var fall = 3
    /// What an endpoint is before its first check.
    public var start = Start.up

    public init() {}

    public enum Start: String, Sendable, Hashable, CaseIterable {
        case up
        /// Down until one check succeeds.
        case down
        /// Down until `rise` checks in a row succeed.
        case fullyDown = "fully_down"
    }
}
