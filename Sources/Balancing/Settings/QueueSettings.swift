/// Where requests wait that find no place at their target.
public struct QueueSettings: Sendable, Hashable {
    /// Requests that wait at a time, on all event loops (default 100).
    public var size = 100
    /// How long one waits at most (default 5 s).
    public var timeout = Duration.seconds(5)

    public init() {}
}
