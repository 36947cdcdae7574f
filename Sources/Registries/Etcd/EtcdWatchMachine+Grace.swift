import Names

// After an outage. An etcd that could not be reached, or hung, for longer than the leases ends them, also those of hosts
// that served all the time. These register again as soon as they reach it, which may be later than we do: what
// it does not have any more stays in force until they have had the time.
extension EtcdWatchMachine {
    func isInGrace(_ now: Duration) -> Bool { forgetAt.map { now < $0 } ?? false }

    /// The source was down and is up again.
    mutating func beginGrace(_ now: Duration) { forgetAt = now + settings.grace }

    /// The names of a whole list, with those that stay for now.
    mutating func withAbsent(
        _ listed: [String: [NamedAddress]],
        _ now: Duration
    ) -> [String: [NamedAddress]] {
        absent = []
        guard isInGrace(now) else { return listed }
        var all = listed
        for (name, addresses) in names where listed[name] == nil {
            all[name] = addresses
            absent.insert(name)
        }
        return all
    }

    /// The time is over: who has not come back is gone.
    mutating func forget(_ now: Duration, _ actions: inout [Action]) {
        guard let moment = forgetAt, moment <= now else { return }
        forgetAt = nil
        guard !absent.isEmpty else { return }
        for name in absent { names[name] = nil }
        actions.append(.tell(.update(set: [:], removed: absent.sorted())))
        absent = []
    }
}
