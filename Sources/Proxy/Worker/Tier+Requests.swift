import NIOCore
package import ProxyCore

/// The last requests of a running tier, for commands.
extension Tier {
    /// The newest first, of all loops.
    package func requests(_ limit: Int, failedOnly: Bool = false) async -> [KeptRequest] {
        Array(await all(workers.map { $0.requests(limit, failedOnly: failedOnly) }).prefix(limit))
    }

    /// Those with this id, the newest first: clients choose ids. Some may run.
    package func requests(withID id: [UInt8]) async -> [KeptRequest] {
        await all(workers.map { $0.requests(withID: id) })
    }

    /// The newest for a host, whatever port it names, also one that runs; nil: none is kept.
    package func lastRequest(ofHost host: [UInt8]) async -> KeptRequest? {
        await all(workers.map { $0.lastRequests(ofHost: host) }).first
    }

    /// Sends a query about a request to the tier at the endpoint that it went to.
    package func query(_ request: KeptRequest) async -> TierAnswer {
        for worker in workers {
            if let answer = try? await worker.query(request).get() { return answer }
        }
        return .none("the endpoint is no longer one of the target's")
    }

    /// Answers queries of trusted peers from now on.
    package func answerQueries(_ responder: @escaping TierQueryResponder) {
        for worker in workers { worker.answerQueries(responder) }
    }

    private func all(_ futures: [EventLoopFuture<[KeptRequest]>]) async -> [KeptRequest] {
        var all: [KeptRequest] = []
        for future in futures {
            if let requests = try? await future.get() { all += requests }
        }
        return all.sorted { $0.time > $1.time }
    }
}
