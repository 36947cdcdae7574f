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

    /// - Parameter limit: of connections that are described.
    func connectionsReport(limit: Int) -> EventLoopFuture<ConnectionsReport> {
        loop.submit { [self] in ConnectionsReport(connections, limit: limit, now: now) }
    }

    /// Done when all that was handed to the loop before has happened.
    func reached() -> EventLoopFuture<Void> { loop.submit {} }
}

/// The last requests of one event loop, for commands. Without a history there are none.
extension Worker {
    /// Keeps requests for commands, and for traces where they are in force. To be called before the first one.
    ///
    /// - Parameter traces: takes traced requests; nil: none is traced.
    func keepRequests(_ forCommands: Bool, seed: UInt64, _ traces: (any TraceSink)?) {
        context.traceLog = traces.map { TraceLog($0) }
        if forCommands { context.history = RequestHistory(seed: seed) }
        keepTraces()
    }

    /// Without commands, traced requests alone need what is kept, as long as the rules have `tracing`.
    func keepTraces() {
        guard context.history?.isForTraces != false else { return }
        guard context.traceLog != nil, context.settings.tracing != nil else { return context.history = nil }
        if context.history == nil { context.history = .forTraces() }
    }

    /// The newest first.
    func requests(_ limit: Int, failedOnly: Bool) -> EventLoopFuture<[KeptRequest]> {
        ofHistory { $0.newest(limit, failedOnly: failedOnly, generation: $1, now: $2) }
    }

    /// Those that run, too.
    func requests(withID id: [UInt8]) -> EventLoopFuture<[KeptRequest]> {
        ofHistory { [self] history, generation, now in
            running { $0.hasID(id) } + history.requests(withID: id, generation: generation, now: now)
        }
    }

    /// The last one that has ended, and those that run.
    func lastRequests(ofHost host: [UInt8]) -> EventLoopFuture<[KeptRequest]> {
        ofHistory { [self] history, generation, now in
            let ended = history.last(ofHost: host, generation: generation, now: now)
            return running { $0.isRequest(for: host) } + (ended.map { [$0] } ?? [])
        }
    }

    func running(where isWanted: (Exchange) -> Bool) -> [KeptRequest] {
        connections.all.flatMap { $0.running(where: isWanted, generation: context.stages.generation) }
    }

    /// Sends a query about a request to the tier at its endpoint.
    ///
    /// - Returns: nil where this loop does not know the endpoint.
    func query(_ request: KeptRequest) -> EventLoopFuture<TierAnswer?> {
        loop.flatSubmit { [self] in
            context.query(request)?.map { $0 } ?? loop.makeSucceededFuture(nil)
        }
    }

    /// Answers queries of trusted peers from now on.
    func answerQueries(_ responder: @escaping TierQueryResponder) {
        loop.execute { [self] in context.queryResponder = responder }
    }

    private func ofHistory(
        _ read: @escaping @Sendable (RequestHistory, _ generation: UInt64, NIODeadline) -> [KeptRequest]
    ) -> EventLoopFuture<[KeptRequest]> {
        loop.submit { [self] in
            guard let history = context.history else { return [] }
            return read(history, context.stages.generation, .now())
        }
    }
}
