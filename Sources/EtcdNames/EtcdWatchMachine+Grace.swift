import Names
import RegistryClient

// After an outage. An etcd that was unreachable, or hung, for longer than the leases ends them, also those of hosts
// that have served all the time. These register again as soon as they reach it, which may be later than the watch
// does: names that etcd has lost stay in force for a grace period.
extension EtcdWatchMachine {
    func isInGrace(_ now: Duration) -> Bool { graceEnds.map { now < $0 } ?? false }

    /// The source is up again after it was down.
    mutating func beginGrace(_ now: Duration) { graceEnds = now + settings.grace }

    /// The names of a complete list, with those that stay for the grace period.
    mutating func withAbsent(
        _ listed: BoundedNames,
        _ now: Duration
    ) -> BoundedNames {
        absent = []
        guard isInGrace(now) else { return listed }
        var all = listed
        for (name, addresses) in names where listed[name] == nil {
            if all.set(name, addresses) { absent.insert(name) }
        }
        return all
    }

    /// Removes the names that have not been registered again.
    mutating func endGrace(_ now: Duration, _ actions: inout [Action]) {
        guard let moment = graceEnds, moment <= now else { return }
        graceEnds = nil
        guard !absent.isEmpty else { return }
        for name in absent { inForce.remove(name) }
        actions.append(.emit(.update(set: [:], removed: absent.sorted())))
        absent = []
    }
}
