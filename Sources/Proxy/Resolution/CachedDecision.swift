import Routing

/// A decision on one event loop, and what follows from it there.
///
/// A class, so that an exchange takes and gives back one reference and not each part of the
/// decision: what is remembered of a host is used by every request for it.
final class CachedDecision {
    let decision: Decision
    /// The decision's outcome, where it is to forward.
    let forwarding: ForwardTarget?

    init(_ decision: Decision) {
        self.decision = decision
        if case .forward(let forward) = decision.outcome {
            self.forwarding = ForwardTarget(forward)
        } else {
            self.forwarding = nil
        }
    }
}

/// Where requests go on to, with the endpoints behind the name.
final class ForwardTarget {
    let forward: Forward
    let timeouts: RuleTimeouts
    /// Nil until first asked for; a target that has no endpoint is looked up each time.
    var pool: TargetPool?

    init(_ forward: Forward) {
        self.forward = forward
        self.timeouts = forward.timeouts
    }
}
