/// How the endpoints of a target share its requests, and what becomes of one that fails.
///
/// The default values are those of a target without any settings of its own.
public struct PoolSettings: Sendable, Hashable {
    /// Who gets the next request (default: they take turns).
    public var method = BalancingMethod.roundRobin
    /// For hashes: the largest share of the mean load that one endpoint may have, percent (101 to 65,535). A request
    /// whose endpoint has more goes to the next one of its key (default nil: no bound).
    public var hashBalanceFactor: Int?
    /// Requests of one client stay with one endpoint (default nil: each is balanced).
    public var sticky: StickySettings?
    /// What holds for each endpoint that has no value of its own.
    public var endpoint = EndpointSettings()
    /// Checks that Berth makes of its own accord (default nil: none).
    public var check: HealthCheck?
    /// What a request does that finds every endpoint down (default: they are tried all the same).
    public var allDown = AllDown.attempt
    /// Requests that a target may have at a time, on all event loops (default nil: no limit of its own).
    public var maxRequests: Int?
    /// Where requests wait that find no place (default nil: they do not wait).
    public var queue: QueueSettings?
    /// When a request is sent again.
    public var retries = RetrySettings()

    public init() {}

    public enum AllDown: String, Sendable, Hashable, CaseIterable {
        /// An endpoint is tried in spite of its state: with few endpoints the state may be wrong.
        case attempt = "try"
        /// 503 with Retry-After.
        case refuse
    }
}
