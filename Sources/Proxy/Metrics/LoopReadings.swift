import EpollLoop
package import Metrics
import NIOCore
package import ProxyCore
import SystemSupport

/// Reads what the event loops of a tier count: by a hop onto each, so that no request takes a lock. Any thread.
package struct LoopReadings: Sendable {
    private let workers: [Worker]

    package init(_ tier: Tier) { workers = tier.workers }

    /// How long a loop may take to answer. One that stands still takes longer.
    private static let patience = Duration.seconds(5)
    /// Endpoints whose figures a loop reads at a time: it serves between these. They take it about a fifth of a millisecond.
    private static let part = 500

    /// What the loops have counted.
    ///
    /// - Parameter takesStall: the longest stall begins anew.
    /// - Returns: nil: a loop stands still, or has ended.
    package func figures(takesStall: Bool = false) async -> TierFigures? {
        var loops: [LoopFigures] = []
        var endpoints = EndpointSum()
        var read: [Worker] = []
        // Also on a loop that begins late: after that.
        defer { for worker in read { worker.loop.execute { worker.context.upstreams.endReading() } } }
        for worker in workers {
            read.append(worker)
            let begun = await Self.ask(worker) { worker in
                (Self.figures(of: worker, takesStall: takesStall), worker.context.upstreams.beginReading())
            }
            guard let (figures, all) = begun else { return nil }
            loops.append(figures)
            var counted: [EndpointFigures] = []
            counted.reserveCapacity(all.count)
            while counted.count < all.count {
                let part = counted.count..<min(all.count, counted.count + Self.part)
                guard let figures = await Self.ask(worker, { $0.context.upstreams.figures(of: part) }) else {
                    return nil
                }
                counted += figures
            }
            endpoints.add(all, counted)
        }
        return TierFigures(loops: loops, endpoints: endpoints.readings)
    }

    /// What the loops have counted besides endpoints; nothing of those that have ended, or stand still.
    package func loops() async -> [LoopFigures] {
        await read { Self.figures(of: $0, takesStall: false) }
    }

    private static func figures(of worker: Worker, takesStall: Bool) -> LoopFigures {
        let loop = worker.loop as? EpollLoop
        let usage = takesStall ? loop?.takeUsage() : loop?.usageNow()
        return LoopFigures(
            counters: worker.context.counters,
            connections: worker.connections.all.count,
            busy: usage?.busy ?? 0,
            longestStall: usage?.longest ?? 0,
            requests: worker.context.metrics.map { metrics in
                LoopFigures.Requests(
                    rules: metrics.rules,
                    excluded: metrics.excludedRequests,
                    connects: metrics.connects
                )
            }
        )
    }

    /// The hosts with the most requests, bytes or errors of each loop, and for how long they were counted, nanoseconds.
    package func topHosts(by order: TopHosts.Order) async -> [(entries: [TopList.Entry], window: UInt64)] {
        await read { $0.context.metrics?.topHosts(by: order, now: $0.now) }.compactMap { $0 }
    }

    /// Each loop hands over what its ledger has counted since the last call (`LedgerRest`). One that stands still does so
    /// when it goes on.
    package func handLedgersOver(within limit: Duration) async {
        _ = await TimeLimit.wait(limit, forAll: workers) { worker in
            try? await worker.loop.submit { worker.context.metrics?.handLedgerOver() }.get()
        }
    }

    /// The hosts of the last minutes, each once, with one of its last requests.
    package func recentHosts() async -> [RecentHost] {
        var hosts: [[UInt8]: RecentHost] = [:]
        for host in await read({ $0.context.metrics?.hosts(now: $0.now) ?? [] }).joined() {
            if hosts[host.host] == nil {
                hosts[host.host] = host
            } else {
                hosts[host.host]?.requests += host.requests
            }
        }
        return Array(hosts.values)
    }

    /// Forgets what was counted of rules that are no longer in force.
    package func forget(_ rules: [String]) async {
        _ = await read { $0.context.metrics?.forget(rules) }
    }

    /// - Returns: of the loops that have not ended, and do not stand still.
    private func read<Value: Sendable>(_ body: @escaping @Sendable (Worker) -> Value) async -> [Value] {
        // On all loops at a time.
        await TimeLimit.wait(Self.patience, forAll: workers) { worker in
            try? await worker.loop.submit { body(worker) }.get()
        }
        .compactMap { $0 ?? nil }
    }

    /// - Returns: nil: it stands still, or has ended.
    private static func ask<Value: Sendable>(
        _ worker: Worker,
        _ body: @escaping @Sendable (Worker) -> Value
    ) async -> Value? {
        await TimeLimit.wait(patience) { try? await worker.loop.submit { body(worker) }.get() } ?? nil
    }
}
