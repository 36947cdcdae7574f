package import NIOCore
import Routing

/// What an operator has set of a target as a whole.
package enum TargetHold: Sendable, Equatable {
    /// Requests wait, each for `max` at most, and go on when the target is resumed.
    case paused(max: TimeAmount)
    /// Requests get 503 with this message; nil: the usual one.
    case stopped(message: String?)
}

/// The targets of one event loop whose requests wait or are refused, and the requests that wait. On its loop alone.
package final class TargetHolds {
    private var holds: [String: TargetHold] = [:]
    /// Of each target, by the number of the wait.
    private var waiters: [String: [UInt64: Exchange]] = [:]
    /// Requests that wait, of all targets.
    private var count = 0
    /// Counts waits, so that they go on in their order.
    private var last: UInt64 = 0

    package init() {}

    /// By the targets' names, with the requests that wait, for commands.
    package var all: [String: (hold: TargetHold, waiting: Int)] {
        var all: [String: (hold: TargetHold, waiting: Int)] = [:]
        for (name, hold) in holds { all[name] = (hold, waiters[name]?.count ?? 0) }
        return all
    }

    /// Nearly always.
    var isEmpty: Bool { holds.isEmpty }

    /// - Returns: the target that a request has to wait for, and how long at most; nil: it need not. It is the rule's
    ///   target, or the one in its place.
    /// - Throws: where one of them is stopped.
    func wait(for route: borrowing RequestRoute) throws(Failure) -> (name: String, max: TimeAmount)? {
        if !route.hasFailedOver, let name = route.decision?.forwarding?.forward.target.name,
            let max = try wait(for: name)
        {
            return (name, max)
        }
        guard let used = route.usedTarget, let max = try wait(for: used.name) else { return nil }
        return (used.name, max)
    }

    private func wait(for name: String) throws(Failure) -> TimeAmount? {
        switch holds[name] {
        case nil: return nil
        case .paused(let max)?: return max
        case .stopped(let message)?: throw Failure(.targetStopped, message)
        }
    }

    /// Calls `holdEnded` on the exchange when the target is resumed or stopped.
    ///
    /// - Returns: what an exchange that ends before gives to `remove`.
    func add(_ exchange: Exchange, for name: String) throws(Failure) -> TargetHoldWait {
        guard count < DataPathConstants.heldRequests else { throw Failure(.targetPaused) }
        count += 1
        last &+= 1
        waiters[name, default: [:]][last] = exchange
        return TargetHoldWait(name: name, number: last)
    }

    /// The exchange has ended.
    func remove(_ wait: TargetHoldWait) {
        guard waiters[wait.name]?.removeValue(forKey: wait.number) != nil else { return }
        count -= 1
        if waiters[wait.name]?.isEmpty == true { waiters.removeValue(forKey: wait.name) }
    }

    /// - Parameter hold: from now on; nil: none, and the requests that wait go on.
    package func set(_ hold: TargetHold?, for name: String) {
        holds[name] = hold
        if case .paused? = hold { return }
        guard let released = waiters.removeValue(forKey: name) else { return }
        count -= released.count
        for (number, exchange) in released.sorted(by: { $0.key < $1.key }) {
            exchange.holdEnded(TargetHoldWait(name: name, number: number))
        }
    }
}

/// The wait of one exchange for a target that is paused.
struct TargetHoldWait: Sendable, Equatable {
    fileprivate let name: String
    fileprivate let number: UInt64
}
