/// What holds for one endpoint of a pool.
public struct EndpointSettings: Sendable, Hashable {
    /// Its share beside the others, 0 to 65,535 (default 1; 0: only when no other of its kind, backup or not,
    /// can be picked).
    public var weight: UInt16 = 1
    /// Requests that it may have at a time, on all event loops (default nil: no limit).
    public var maxConnections: Int?
    /// It gets requests only when no endpoint that is not a backup can be picked (default: it is not).
    public var isBackup = false
    public var administrativeState = AdministrativeState.up
    /// Failures within `failTimeout` after which it is left out for `failTimeout` (default 3; 0: failures are not counted).
    public var maxFailures = 3
    /// See `maxFailures` (default 10 s).
    public var failTimeout = Duration.seconds(10)
    /// How long its share grows from nothing to its weight after it was down, or when it is new; never at the start of
    /// the process (default zero: at once).
    public var slowStart = Duration.zero

    public init() {}

    public enum AdministrativeState: String, Sendable, Hashable, CaseIterable {
        case up
        /// It gets no request.
        case down
        /// It gets only the requests that are bound to it.
        case drain
    }
}
