public import NIOCore
public import Proxy
public import Routing

/// What one tier makes of a request: what the code of live traffic said, before it is put into words.
public struct DryRunStep {
    /// As rules see it; nil where the request was refused before.
    public internal(set) var host: HostName?
    /// Path and query, as they came to the tier.
    public internal(set) var target: [UInt8]?
    /// Who the tier takes the request to be from.
    public internal(set) var client: IPAddress?
    public internal(set) var decision: Decision?
    /// What became of the target, where there is one.
    public internal(set) var resolution: Resolution?
    /// Why the request goes no further; nil where it is forwarded, or a rule answers it.
    public internal(set) var failure: Failure?
    /// What the tier sends on; nil where nothing is, or it was not asked for.
    public internal(set) var head: ByteBuffer?
    /// What each rule said, when asked for.
    public internal(set) var trace: RouteTrace?

    init() {}

    public var isForwarded: Bool {
        guard failure == nil, case .forward? = decision?.outcome else { return false }
        return true
    }
}
