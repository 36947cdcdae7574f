package import Balancing
package import NIOCore
package import ProxyCore
package import Routing

/// What operators see of a running tier, and change.
extension Tier {
    /// What each loop has now; nothing of loops that have ended.
    ///
    /// - Parameter name: of a target or a pool; nil: all targets.
    package func snapshots(of name: String? = nil) async -> [LoopSnapshot] {
        var snapshots: [LoopSnapshot] = []
        for snapshot in workers.map({ $0.snapshot(of: name) }) {
            if let snapshot = try? await snapshot.get() { snapshots.append(snapshot) }
        }
        return snapshots
    }

    /// How many event loops there are.
    package var loopCount: Int { workers.count }

    /// Open connections of clients.
    package var connectionCount: Int { gate.count }

    /// Each is done when a loop has come to what it was given now; it fails where the loop has ended.
    package func turns() -> [EventLoopFuture<Void>] { workers.map { $0.reached() } }

    /// The open connections of clients, the oldest first.
    ///
    /// - Parameter limit: of connections that are described; all are counted.
    package func connections(limit: Int) async -> ConnectionsReport {
        var report = ConnectionsReport()
        for loop in workers.map({ $0.connectionsReport(limit: limit) }) {
            if let loop = try? await loop.get() { report.add(loop, limit: limit) }
        }
        return report
    }

    /// Runs on each loop with the loop's number, and collects what it returns; nothing of loops that have ended.
    package func collect<Value: Sendable>(_ body: @escaping @Sendable (Int) -> Value) async -> [Value] {
        var values: [Value] = []
        let futures = workers.enumerated().map { index, worker in worker.loop.submit { body(index) } }
        for future in futures {
            if let value = try? await future.get() { values.append(value) }
        }
        return values
    }

    /// Sets the state of endpoints (`SharedEndpoint.set`).
    ///
    /// - Parameter overridesSource: a name source states otherwise of them.
    /// - Returns: done when it holds on all loops.
    package func set(
        _ state: EndpointSettings.AdministrativeState,
        of endpoints: [SharedEndpoint],
        overridesSource: Bool = false
    ) -> TierChange {
        var done: [EventLoopFuture<Void>] = []
        for endpoint in endpoints {
            endpoint.set(state, overridesSource: overridesSource, now: .now())
            done += workers.map { $0.stateChanged(of: endpoint) }
        }
        return TierChange(done)
    }

    /// Pauses or stops a target, or resumes it (nil).
    ///
    /// - Parameter target: in lower case.
    /// - Returns: done when it holds on all loops.
    package func set(_ hold: TargetHold?, for target: String) -> TierChange {
        TierChange(workers.map { $0.set(hold, for: target) })
    }

    /// Sets the weights of a split, or takes them back (nil). Returns when they hold on all loops.
    ///
    /// - Parameter name: of a target in lower case, or of a pool.
    package func set(_ weights: SplitWeights?, ofSplit name: String) async {
        for done in workers.map({ $0.set(weights, ofSplit: name) }) { try? await done.get() }
    }

    /// Done when all loops have what was handed to them before, such as names.
    package func reached() -> TierChange { TierChange(workers.map { $0.reached() }) }

    /// Brings a target up to date whose name may have changed since its last request.
    package func refresh(target: String) -> TierChange {
        TierChange(workers.map { $0.refresh(target: target) })
    }

    /// An endpoint of a target, whether a loop uses it or not.
    ///
    /// - Parameters:
    ///   - pool: of the target; nil: the rule files say nothing of it.
    ///   - arrived: see `SharedEndpoints.endpoint`.
    package func endpoint(
        _ endpoint: Endpoint,
        identity: String?,
        of pool: Pool?,
        over link: UpstreamLink = .http,
        arrived: NIODeadline? = nil
    ) -> SharedEndpoint {
        let shared = sharedEndpoints.endpoint(
            endpoint,
            identity: identity,
            pool: pool?.name,
            link: link,
            arrived: arrived
        )
        if let pool {
            let own = pool.members.first { $0.endpoint == endpoint }?.settings
            shared.configure(
                own ?? pool.settings.endpoint,
                check: pool.settings.check,
                generation: pool.generation,
                now: .now()
            )
        }
        return shared
    }

    // MARK: Deployments

    /// What the rule files say of a target; nil: nothing.
    package func settings(of target: String) async -> Pool? {
        try? await workers[0].settings(of: target).get()
    }

    /// Why no request for a target may go to an endpoint; nil: nothing that is known now is against it.
    package func objection(to endpoint: Endpoint, of target: String) async -> AddressObjection? {
        for found in workers.map({ $0.objection(to: endpoint, of: target) }) {
            if let objection = try? await found.get() { return objection }
        }
        return nil
    }

    /// Requests that endpoints serve on all loops, with those whose connection is being made.
    package func requests(at keys: [SharedEndpoints.Key]) async -> Int {
        var sum = 0
        for count in workers.map({ $0.requests(at: keys) }) { sum += (try? await count.get()) ?? 0 }
        return sum
    }

    /// How the rules in force connect to the endpoints of a target.
    package func links(to target: String) -> [UpstreamLink] {
        TargetPorts(table).links(to: target)
    }

    /// Checks an endpoint once. Whether Berth may connect to it is the caller's question.
    package func probe(
        _ endpoint: Endpoint,
        _ check: HealthCheck,
        over link: UpstreamLink = .http
    ) async -> ProbeResult {
        let worker = workers[Int.random(in: workers.indices)]
        return ProbeResult(try? await worker.probe(PreparedCheck(check, of: endpoint, over: link)).get())
    }
}

/// What a probe has shown.
package enum ProbeResult: Sendable, Equatable {
    case healthy
    /// In one word, such as `status_503`.
    case unhealthy(String)
    /// The tier ends, or is short of descriptors.
    case unknown

    init(_ ending: CheckRun.Ending?) {
        switch ending {
        case .outcome(.success)?: self = .healthy
        case .outcome(.failure(let word))?: self = .unhealthy(word)
        case .abandoned?, nil: self = .unknown
        }
    }
}

/// A change on its way to the event loops. Changes arrive in the order in which they were begun.
package struct TierChange: Sendable {
    private let futures: [EventLoopFuture<Void>]

    init(_ futures: [EventLoopFuture<Void>]) { self.futures = futures }

    /// Returns when the change holds on all loops.
    package func done() async {
        for future in futures { try? await future.get() }
    }
}
