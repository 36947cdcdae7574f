package import Routing

/// A decision on one event loop, and what follows from it there.
///
/// A class, so that a request takes and releases one reference and not each part of the
/// decision: the decision about a cached host is used by every request for it.
package final class CachedDecision {
    package let decision: Decision
    /// Where the request goes; nil where a rule responds, or refuses.
    package let forwarding: ForwardTarget?

    package init(_ decision: Decision) {
        self.decision = decision
        if case .forward(let forward) = decision.outcome {
            self.forwarding = ForwardTarget(forward)
        } else {
            self.forwarding = nil
        }
    }
}

/// Where requests are forwarded to, with the endpoints of the target.
package final class ForwardTarget {
    package let forward: Forward
    package let edits: RequestHeadEdits
    package let timeouts: RuleTimeouts
    /// Nil before the first lookup that found an endpoint.
    var pool: TargetPool?

    package init(_ forward: Forward) {
        self.forward = forward
        self.edits = RequestHeadEdits(forward)
        self.timeouts = forward.timeouts
    }
}
