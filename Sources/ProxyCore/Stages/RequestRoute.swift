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
    /// The client, where its certificate is one that the rule needs or accepts. Set by `access`.
    package internal(set) var identity: ClientIdentity?
    /// What the rules decided; nil before `decide`. Set also where they refuse.
    package internal(set) var decision: CachedDecision?
    /// Of the rules that decided (`RequestStages.generation`).
    package internal(set) var generation: UInt64 = 0
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
    /// Why the endpoint was picked that the request goes to. Set by `pick`.
    package internal(set) var pickReason = PickReason.method
    /// What `split` and `failover` made of the rule's target; nil: nothing, as for nearly all targets.
    package internal(set) var choice: TargetChoice?

    /// The target that the request goes to: the rule's, or the one in its place.
    var forwarding: ForwardTarget? { choice?.target ?? decision?.forwarding }

    /// The target that the request goes to in place of the rule's; nil: to that one.
    package var usedTarget: Target? {
        guard let choice, choice.target !== decision?.forwarding else { return nil }
        return choice.target.forward.target
    }

    /// It has left a target that had no endpoint for it.
    var hasFailedOver: Bool { choice.map { !$0.failures.isEmpty } ?? false }

    /// The rule's own; nil: the tier's.
    package var timeouts: ForwardTimeouts? { decision?.forwarding?.timeouts }

    package init() {}

    package mutating func reset() { self = RequestRoute() }
}
