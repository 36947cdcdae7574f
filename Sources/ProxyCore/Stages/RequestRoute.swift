package import Routing

/// What the stages have found out about one request, as far as they came.
///
/// One value is used again by each request of a connection: `reset` comes between.
package struct RequestRoute {
    /// The stage that was reached: after an error the one that refused.
    package var stage = RequestStage.admit
    /// As rules see it; nil before `decide`, and where the decision was cached.
    package internal(set) var host: HostName?
    /// Who sent the request; nil until a rule or the log needs it.
    package internal(set) var client: IPAddress?
    /// What the rules decided; nil before `decide`. Set also where they refuse.
    package internal(set) var decision: CachedDecision?
    /// The largest request body, bytes; nil: no limit. Set by `limits`.
    package var bodyLimit: UInt64?
    /// What the target's balancing method picks an endpoint by: a client's address, or a text; empty where it needs
    /// none.
    package internal(set) var balancingKey: [UInt8] = []
    /// The token that names the endpoint that the client stays with; empty: none.
    package internal(set) var stickyToken: [UInt8] = []
    /// The client's request came over TLS. Known only where tokens are.
    package internal(set) var isSecure = false
    /// The target's endpoints, or why there are none; nil before `resolve`.
    package internal(set) var pool: TargetPool?

    /// The rule's own; nil: the tier's.
    package var timeouts: ForwardTimeouts? { decision?.forwarding?.timeouts }

    package init() {}

    package mutating func reset() { self = RequestRoute() }
}
