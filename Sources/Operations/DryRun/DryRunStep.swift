package import NIOCore
import Proxy
package import ProxyCore
package import Routing

/// What one tier makes of a request: what the code of live traffic said, before it is put into words.
package struct DryRunStep {
    /// The stage that the request came to: where it was refused, or where its way ended.
    package internal(set) var reached = RequestStage.admit
    /// As rules see it; nil where the request was refused before.
    package internal(set) var host: HostName?
    /// Path and query, as they came to the tier.
    package internal(set) var target: [UInt8]?
    /// Who the tier takes the request to be from.
    package internal(set) var client: IPAddress?
    package internal(set) var decision: Decision?
    /// What became of the target, where there is one.
    package internal(set) var resolution: Resolution?
    /// The endpoint that it goes to: the first whose turn it is.
    package internal(set) var endpoint: Endpoint?
    /// Why the request goes no further; nil where it is forwarded, or a rule answers it.
    package internal(set) var failure: Failure?
    /// What the tier sends on; nil where nothing is, or it was not asked for.
    package internal(set) var head: ByteBuffer?
    /// What each rule said, when asked for.
    package internal(set) var trace: RouteTrace?

    init() {}

    package var isForwarded: Bool {
        guard failure == nil, case .forward? = decision?.outcome else { return false }
        return true
    }
}
