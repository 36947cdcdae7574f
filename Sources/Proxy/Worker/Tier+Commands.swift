package import Balancing
import NIOCore
package import ProxyCore
package import Routing

/// What operators see of a running tier, and change.
extension Tier {
    /// What each loop has now; nothing of loops that have ended.
    package func snapshots() async -> [LoopSnapshot] {
        var snapshots: [LoopSnapshot] = []
        for snapshot in workers.map({ $0.snapshot() }) {
            if let snapshot = try? await snapshot.get() { snapshots.append(snapshot) }
        }
        return snapshots
    }

    /// Sets the state of endpoints (`SharedEndpoint.set`). Returns when it holds on all loops.
    ///
    /// - Parameter overridesSource: a name source states otherwise of them.
    package func set(
        _ state: EndpointSettings.AdministrativeState,
        of endpoints: [SharedEndpoint],
        overridesSource: Bool = false
    ) async {
        for endpoint in endpoints {
            endpoint.set(state, overridesSource: overridesSource, now: .now())
            for changed in workers.map({ $0.stateChanged(of: endpoint) }) { try? await changed.get() }
        }
    }

    /// Pauses or stops a target, or resumes it (nil). Returns when it holds on all loops.
    ///
    /// - Parameter target: in lower case.
    package func set(_ hold: TargetHold?, for target: String) async {
        for done in workers.map({ $0.set(hold, for: target) }) { try? await done.get() }
    }

    /// An endpoint that a pool names itself, whether a loop uses it or not.
    package func endpoint(_ member: PoolEndpoint, of pool: Pool) -> SharedEndpoint {
        let endpoint = sharedEndpoints.endpoint(member.endpoint, identity: nil, pool: pool.name)
        endpoint.configure(member.settings, check: pool.settings.check, now: .now())
        return endpoint
    }
}
