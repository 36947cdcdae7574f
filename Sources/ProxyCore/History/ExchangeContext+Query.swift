package import NIOCore
import Routing

extension ExchangeContext {
    /// Sends a query about a request to the tier at the endpoint that served it.
    ///
    /// - Returns: nil where this loop does not know the endpoint as one of the request's target.
    package func query(_ request: KeptRequest) -> EventLoopFuture<TierAnswer>? {
        guard !request.slot.texts.isCut(.id),
            request.slot.sentHost != nil || !request.slot.texts.isCut(.host),
            let endpoint = request.slot.endpoint,
            let target = request.text(.usedTarget) ?? request.text(.target),
            let (pool, upstream) = stages.upstream(of: target, at: endpoint)
        else { return nil }
        let promise = loop.makePromise(of: TierAnswer.self)
        TierFetch(context: self).start(request, to: upstream, of: pool) { promise.succeed($0) }
        return promise.futureResult
    }
}

extension RequestStages {
    /// An endpoint that a target has now.
    ///
    /// - Parameter target: as it is kept: `host_01:9000`, `https://api`, `[::1]:80`.
    func upstream(of target: String, at endpoint: Endpoint) -> (TargetPool, Upstream)? {
        let authority = target.split(separator: "://", maxSplits: 1).last.map(String.init) ?? target
        let name =
            authority.hasPrefix("[")
            ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        for pool in targets.targetPools(of: String(name)) where pool.key.target.description == target {
            if let upstream = pool.upstream(at: endpoint) { return (pool, upstream) }
        }
        return nil
    }
}
