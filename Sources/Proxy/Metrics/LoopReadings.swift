import EpollLoop
package import Metrics
import NIOCore
package import ProxyCore
import SystemSupport

/// Reads what the event loops of a tier count: by a hop onto each, so that no request takes a lock. Any thread.
package struct LoopReadings: Sendable {
    private let workers: [Worker]

    package init(_ tier: Tier) { workers = tier.workers }

    /// What each loop has counted; nothing of loops that have ended.
    ///
    /// - Parameter takesStall: the longest stall begins anew.
    package func figures(takesStall: Bool = false) async -> [LoopFigures] {
        await read { worker in
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
                        endpoints: worker.context.upstreams.figures,
                        excluded: metrics.excludedRequests,
                        connects: metrics.connects
                    )
                }
            )
        }
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

    private func read<Value: Sendable>(_ body: @escaping @Sendable (Worker) -> Value) async -> [Value] {
        // On all loops at a time.
        let futures = workers.map { worker in worker.loop.submit { body(worker) } }
        var values: [Value] = []
        for future in futures {
            if let value = try? await future.get() { values.append(value) }
        }
        return values
    }
}
