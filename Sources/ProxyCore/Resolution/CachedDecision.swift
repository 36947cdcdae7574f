package import NIOCore
package import Routing

/// A decision on one event loop, and what follows from it there.
///
/// A class, so that a request takes and releases one reference and not each part of the
/// decision: the decision about a cached host is used by every request for it.
package final class CachedDecision {
    package let decision: Decision
    /// The host of all its requests, as received; empty: each may be for another one, or it is not remembered.
    package internal(set) var host: [UInt8] = []
    /// Where the request goes; nil where a rule responds, or refuses.
    package let forwarding: ForwardTarget?
    /// Why the rules refuse the request; nil: they do not.
    package let refusal: Refusal?
    /// What the rule changes in responses; nil: nothing.
    package let response: ResponseEdits?
    /// The changes of an endpoint's response whose status does not matter.
    private let usualChanges: ResponseChanges?
    /// Where metrics count its requests.
    var counted = CountedDecision()
    /// What each request of it keeps. Made when it is first needed.
    private(set) lazy var texts = DecisionTexts(self)
    /// One of the rule's error pages comes from a target.
    package let fetchesPages: Bool

    /// - Parameters:
    ///   - pools: how the endpoints of targets share their requests.
    ///   - scratch: of the calling thread.
    package init(_ decision: Decision, pools: PoolTable = PoolTable(), scratch: RouteScratch? = nil) {
        self.decision = decision
        self.response = decision.response
        self.refusal = if case .refuse(let refusal) = decision.outcome { refusal } else { nil }
        fetchesPages = decision.response?.pages.contains(where: \.isFetched) ?? false
        let isUniform = decision.response?.fields.allSatisfy { $0.statuses == .all } ?? false
        usualChanges =
            isUniform ? decision.response.map { ResponseChanges($0, status: 200, isError: false) } : nil
        if case .forward(let forward) = decision.outcome {
            if !pools.isEmpty, let scratch, let pool = pools.pool(for: forward.target.name, scratch: scratch)
            {
                let branch = TargetBranch(forward, pool, pools, isSplit: true, scratch: scratch)
                self.forwarding = ForwardTarget(forward, settings: pool, branch: branch)
            } else {
                self.forwarding = ForwardTarget(forward)
            }
        } else {
            self.forwarding = nil
        }
    }

    /// It is remembered for a host: many requests may get it.
    var isOfOneHost: Bool { !host.isEmpty }

    /// What changes in a response of this status; nil: nothing.
    ///
    /// - Parameter isError: the response is one that Berth makes because the request failed.
    package func changes(status: Int, isError: Bool) -> ResponseChanges? {
        guard let response else { return nil }
        if !isError, let usualChanges { return usualChanges }
        return ResponseChanges(response, status: status, isError: isError)
    }
}

/// Where requests are forwarded to, with the endpoints of the target.
package final class ForwardTarget {
    package let forward: Forward
    package let edits: RequestHeadEdits
    package let timeouts: ForwardTimeouts
    /// How the target's endpoints share its requests; nil: as they do without any settings.
    let settings: Pool?
    /// How clients stay with an endpoint; nil: they do not.
    let session: StickySession?
    /// Where requests go in the target's place; nil for nearly all, and always without `settings` of a pool that says so.
    let branch: TargetBranch?
    /// Nil before the first lookup that found an endpoint.
    var pool: TargetPool?

    init(_ forward: Forward, settings: Pool? = nil, branch: TargetBranch? = nil) {
        self.settings = settings
        self.branch = branch
        // The token of a split names a part, and no endpoint.
        self.session = settings.flatMap { $0.split == nil ? StickySession.of($0) : nil }
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
