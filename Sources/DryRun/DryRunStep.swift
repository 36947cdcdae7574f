import HTTP1
package import NIOCore
package import ProxyCore
package import Routing

/// What one tier makes of a request: what the code of live traffic found out, before it is put into words.
package struct DryRunStep {
    /// The stage that the request came to: the one that refused it, or the last one.
    package private(set) var stage = RequestStage.admit
    /// As rules see it; nil where the request was refused before.
    package private(set) var host: HostName?
    /// Path and query, as they came to the tier.
    package private(set) var target: [UInt8]?
    /// Who the tier takes the request to be from.
    package private(set) var client: IPAddress?
    package private(set) var decision: Decision?
    /// What became of the target, where there is one.
    package private(set) var resolution: Resolution?
    /// The endpoint that it goes to: the first that has a turn.
    package internal(set) var endpoint: Endpoint?
    /// The pool that the target has an entry for; nil: the default settings count.
    package internal(set) var pool: PoolUse?
    /// The part of a split that it goes to; nil: the rule's target is not split.
    package private(set) var split: TargetChoice.Part?
    /// The targets that had no endpoint for it, so that another one took over.
    package private(set) var failures: [(target: String, failure: Failure)] = []
    /// The target that it goes to in place of the rule's; nil: to that one.
    package private(set) var usedTarget: Target?
    /// Why the request goes no further; nil where it is forwarded, or a rule responds.
    package internal(set) var failure: Failure?
    /// The page that the client gets for the failure: a path or a URL; nil: Berth's own.
    package internal(set) var errorPage: String?
    /// What the tier sends on; nil where nothing is, or it was not wanted.
    package internal(set) var head: ByteBuffer?
    /// The result of each rule, where it was recorded.
    package internal(set) var trace: RouteTrace?

    init() {}

    package var isForwarded: Bool {
        guard failure == nil, case .forward? = decision?.outcome else { return false }
        return true
    }

    /// The request goes no further than this tier.
    mutating func fail(_ failure: Failure) {
        self.failure = failure
        head = nil
    }

    /// Takes over what the stages found out, as far as they came.
    mutating func note(_ route: borrowing RequestRoute, _ head: borrowing RequestHead, _ bytes: ByteBuffer) {
        stage = route.stage
        client = route.client
        decision = route.decision?.decision
        resolution = route.pool?.resolution
        split = route.choice?.splitPart
        failures = route.choice?.failures ?? []
        usedTarget = route.usedTarget
        guard let host = route.host else { return }
        self.host = host
        target = bytes.getBytes(
            at: bytes.readerIndex + head.originForm.lowerBound,
            length: head.originForm.count
        )
    }
}
