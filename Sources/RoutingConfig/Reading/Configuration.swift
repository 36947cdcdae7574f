public import Routing

/// Everything rule files say, checked and compiled: immutable, for all threads.
public struct Configuration: Sendable {
    /// The rules of all files, in order.
    public let table: RouteTable
    /// In the order they are asked.
    public let names: [NameSourceSettings]
    /// Peers whose `X-Forwarded-*` fields are believed (default: none).
    public let trustedProxies: [CIDR]
    public let limits: LimitSettings
    public let timeouts: TimeoutSettings
    /// The files that were read, in their order.
    public let files: [String]
    /// What is legal but likely not meant. Never holds an error.
    public let warnings: [Diagnostic]
}
