/// When a request is sent again, to another endpoint where there is one.
///
/// A connection that cannot be made is always one; everything else counts only where the request may be repeated
/// (RFC 9110 §9.2.2) or was certainly not sent.
public struct RetrySettings: Sendable, Hashable {
    public enum Condition: Sendable, Hashable {
        case connectFailure
        /// The connection ended before a response began.
        case emptyResponse
        /// No response began within the upstream timeout.
        case responseTimeout
        /// What came is not a valid response.
        case junkResponse
        /// A response with this status (401 to 599).
        case status(Int)
    }

    /// Default: connection failures alone.
    public var conditions: Set<Condition> = [.connectFailure]
    /// Endpoints that one request is sent to at most (default 8).
    public var attempts = 8
    /// After this time no other attempt begins (default nil: no limit of its own).
    public var totalTime: Duration?
    /// The largest body that is kept to be sent again, bytes (default 64 KiB).
    public var bodyBytes = 64 << 10
    /// The share of running requests that may be retries, percent (default 20; at least 3 at a time).
    public var budget = 20

    /// The endpoints are tiers of Berth, which are believed when they state that a request was sent nowhere: then it is
    /// sent to another endpoint, whatever its method (default: they are not).
    public var trustedTier = false

    public init() {}
}
