import NIOCore
import ProxyCore
import Routing

/// What commands find out of one event loop.
extension Worker {
    /// What the rule files say of a target; nil: nothing.
    func settings(of target: String) -> EventLoopFuture<Pool?> {
        loop.submit { [self] in context.stages.settings(of: target) }
    }

    /// Why no request for a target may go to an endpoint; nil: nothing that is known now is against it.
    func objection(to endpoint: Endpoint, of target: String) -> EventLoopFuture<AddressObjection?> {
        loop.submit { [self] in context.stages.objection(to: endpoint, of: target) }
    }

    /// Requests that endpoints serve, with those whose connection is being made.
    func requests(at keys: [SharedEndpoints.Key]) -> EventLoopFuture<Int> {
        loop.submit { [self] in context.upstreams.requests(at: keys) }
    }

    /// Brings a target up to date that may not have had a request since its name changed.
    func refresh(target: String) -> EventLoopFuture<Void> {
        loop.submit { [self] in context.stages.refresh(target: target) }
    }

    func probe(_ check: PreparedCheck) -> EventLoopFuture<CheckRun.Ending> {
        loop.flatSubmit { [self] in
            let promise = loop.makePromise(of: CheckRun.Ending.self)
            prober.probe(check) { promise.succeed($0) }
            return promise.futureResult
        }
    }

    /// Done when all that was handed to the loop before has happened.
    func reached() -> EventLoopFuture<Void> { loop.submit {} }
}
