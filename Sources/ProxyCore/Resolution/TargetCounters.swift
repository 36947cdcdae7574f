import Balancing
import NIOConcurrencyHelpers
import NIOCore
import Synchronization

/// The requests at each target, on all event loops of a tier. Any thread.
package final class TargetCounters: Sendable {
    private struct Weak {
        weak var counter: TargetCounter?
    }

    private let counters = NIOLockedValueBox<[TargetKey: Weak]>([:])

    package init() {}

    /// The counter that all loops have for a target. It lives as long as one of them uses it.
    func counter(for key: TargetKey) -> TargetCounter {
        counters.withLockedValue { counters in
            if let counter = counters[key]?.counter { return counter }
            let counter = TargetCounter(key, of: self)
            counters[key] = Weak(counter: counter)
            return counter
        }
    }

    /// For tests: how many targets there are.
    var count: Int { counters.withLockedValue(\.count) }

    fileprivate func forget(_ key: TargetKey) {
        // Another may have been made in the meantime. Where this is its last reference by now, it ends after the lock.
        let other = counters.withLockedValue { counters in
            let other = counters[key]?.counter
            if other == nil { counters[key] = nil }
            return other
        }
        withExtendedLifetime(other) {}
    }
}

/// The requests at one target: those whose connection is being made, too. Any thread.
final class TargetCounter: Sendable {
    private let key: TargetKey
    private let counters: TargetCounters
    private let requests = Atomic<Int>(0)
    /// Those of them that are sent again.
    private let retries = Atomic<Int>(0)
    /// Requests that have begun, where the target has a budget of retries.
    private let begun = Atomic<Int>(0)
    private let budget = NIOLockedValueBox<RetryBudget?>(nil)

    fileprivate init(_ key: TargetKey, of counters: TargetCounters) {
        self.key = key
        self.counters = counters
    }

    deinit {
        counters.forget(key)
    }

    /// One more request, where there are fewer than `limit`; whoever may go on has to `leave`.
    func enter(limit: Int) -> Bool {
        guard requests.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            leave()
            return false
        }
        return true
    }

    func leave() {
        requests.wrappingSubtract(1, ordering: .relaxed)
    }

    /// A request has begun that may be sent again.
    func requestBegan(now: NIODeadline) {
        guard begun.wrappingAdd(1, ordering: .relaxed).oldValue == 0 else { return }
        budget.withLockedValue { $0 = $0 ?? RetryBudget(now: MonotonicTime(now)) }
    }

    /// One more of the requests is sent again, where the share of those stays within `percent`; whoever may go on has to
    /// `leaveRetry`.
    func enterRetry(percent: Int, now: NIODeadline) -> Bool {
        let now = MonotonicTime(now)
        return budget.withLockedValue { budget in
            var current = budget ?? RetryBudget(now: now)
            defer { budget = current }
            let running = retries.load(ordering: .relaxed)
            guard
                current.enter(
                    begun: begun.load(ordering: .relaxed),
                    running: running,
                    percent: percent,
                    now: now
                )
            else { return false }
            retries.wrappingAdd(1, ordering: .relaxed)
            return true
        }
    }

    func leaveRetry() {
        retries.wrappingSubtract(1, ordering: .relaxed)
    }
}
