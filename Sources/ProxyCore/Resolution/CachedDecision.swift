package import NIOCore
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
    package let timeouts: ForwardTimeouts
    /// Nil before the first lookup that found an endpoint.
    var pool: TargetPool?

    package init(_ forward: Forward) {
        self.forward = forward
        self.edits = RequestHeadEdits(forward)
        self.timeouts = ForwardTimeouts(forward.timeouts)
    }
}

/// A rule's own timeouts in the unit of event loops, converted once and not for each request; nil: the tier's.
package struct ForwardTimeouts: Sendable {
    package let connect: TimeAmount?
    package let upstream: TimeAmount?
    package let downstream: TimeAmount?

    init(_ timeouts: RuleTimeouts) {
        connect = timeouts.connect.map(TimeAmount.init)
        upstream = timeouts.upstream.map(TimeAmount.init)
        downstream = timeouts.downstream.map(TimeAmount.init)
    }
}
