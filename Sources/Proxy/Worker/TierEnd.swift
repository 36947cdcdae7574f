import EpollLoop
import NIOCore
import ProxyCore
import SystemSupport

/// How a tier ends: it accepts no more, lets what runs finish, and stops its loops. A loop that stands still does not hold
/// the others up, and what it has counted is lost.
struct TierEnd: Sendable {
    let listeners: ListenerGroup
    let workers: [Worker]
    let loops: [EpollLoop]

    /// - Parameters:
    ///   - idle: as for `Tier.shutDown`.
    ///   - longest: how long what runs may take, with its orderly end.
    /// - Returns: what the tier has counted.
    func run(limit: Duration, idle: Duration, longest: Duration) async -> Counters {
        try? await listeners.close()
        let drained = workers.map { $0.drain(limit: TimeAmount(limit), idle: TimeAmount(idle)) }
        await TimeLimit.wait(longest) {
            for future in drained { try? await future.get() }
        }
        let patience = ListenerGroup.patience
        let counted = await TimeLimit.wait(patience, forAll: workers) { try? await $0.stop().get() }
        _ = await TimeLimit.wait(patience, forAll: loops) { loop in
            await withCheckedContinuation { continuation in loop.stop { continuation.resume() } }
        }
        var counters = Counters()
        for case .some(.some(let loop)) in counted { counters.add(loop) }
        return counters
    }
}
