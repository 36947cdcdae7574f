import ProxyCore
package import Names
import NIOCore
import Routing
import Settings

/// Exchanges whose target is known by a name that the table does not hold wait until it is resolved.
extension Worker {
    /// New names. Exchanges that run see them where they pick another endpoint.
    package func install(names update: NameTableUpdate) {
        loop.execute { [self] in stages.install(names: update) }
    }

    /// Lets an exchange wait for a name: `nameSettled` is called on it.
    func wait(for name: String, _ connection: DownstreamConnection) throws(Failure) {
        guard let asker else { throw Failure(.unknownTarget) }
        let waiter = NameWaiter(connection: connection, serial: connection.exchange.serial)
        let deadline = now + settings.timeouts.resolve
        guard let isFirst = waiting.add(waiter, for: name, deadline: deadline) else {
            throw Failure(NameProblem(.overloaded, "this loop's requests wait for too many names"))
        }
        guard isFirst else { return }
        asker.resolve(name) { [self] lookup in
            loop.execute { [self] in
                for waiter in waiting.remove(name) { waiter.settle(lookup) }
            }
        }
    }

    /// Ends waits that took too long.
    func tickNames(now: NIODeadline) {
        for waiter in waiting.overdue(now: now) {
            waiter.settle(.failed(NameProblem(.timeout, "the name sources did not answer in time")))
        }
    }
}

/// An exchange that waits for a name.
struct NameWaiter {
    let connection: DownstreamConnection
    /// Of the exchange: its connection may have gone on to another one, or away.
    let serial: UInt64

    var isAlive: Bool { connection.exchange.serial == serial && connection.phase == .exchange }

    func settle(_ lookup: NameLookup) {
        guard isAlive else { return }
        connection.nameSettled(lookup)
    }
}

/// The exchanges of one event loop that wait for names.
struct NameWaiters {
    private struct Wait {
        let waiter: NameWaiter
        let deadline: NIODeadline
    }

    private var waits: [String: [Wait]] = [:]
    private var count = 0

    /// - Returns: whether it is the first that waits for the name; nil when too many wait already.
    mutating func add(_ waiter: NameWaiter, for name: String, deadline: NIODeadline) -> Bool? {
        if count >= DataPathConstants.nameWaiters {
            // Those whose clients went away meanwhile make room.
            for name in Array(waits.keys) { waits[name]?.removeAll { !$0.waiter.isAlive } }
            count = waits.values.reduce(0) { $0 + $1.count }
            guard count < DataPathConstants.nameWaiters else { return nil }
        }
        let isFirst = waits[name] == nil
        guard !isFirst || waits.count < DataPathConstants.nameWaiters else { return nil }
        count += 1
        waits[name, default: []].append(Wait(waiter: waiter, deadline: deadline))
        return isFirst
    }

    mutating func remove(_ name: String) -> [NameWaiter] {
        let removed = waits.removeValue(forKey: name) ?? []
        count -= removed.count
        return removed.map(\.waiter)
    }

    /// Takes out who has waited long enough. The names stay: they are being asked for.
    mutating func overdue(now: NIODeadline) -> [NameWaiter] {
        var overdue: [NameWaiter] = []
        guard count > 0 else { return overdue }
        for (name, list) in waits {
            // In the order in which they came.
            let late = list.prefix { $0.deadline <= now }
            guard !late.isEmpty else { continue }
            waits[name]?.removeFirst(late.count)
            count -= late.count
            overdue += late.map(\.waiter)
        }
        return overdue
    }
}
