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
    /// Those that wait for a place. They are not among `requests`.
    private let waiting = Atomic<Int>(0)
    /// Only targets of which a request has waited have one.
    private let line = AtomicLazyReference<PlaceLine>()

    fileprivate init(_ key: TargetKey, of counters: TargetCounters) {
        self.key = key
        self.counters = counters
    }

    deinit {
        counters.forget(key)
    }

    /// One more request, where there are fewer than `limit`; whoever may go on has to `leave`.
    func enter(limit: Int) -> Bool {
        var count = requests.load(ordering: .sequentiallyConsistent)
        while count < limit {
            let (exchanged, original) = requests.weakCompareExchange(
                expected: count,
                desired: count + 1,
                ordering: .sequentiallyConsistent
            )
            if exchanged { return true }
            count = original
        }
        return false
    }

    /// - Parameter tells: the first of those that wait has to know; false where it was one of them that found no place
    ///   at an endpoint.
    func leave(tells: Bool = true) {
        // Whoever joins the line after this sees that there is a place, and whoever did before is seen here.
        requests.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        if tells { tellNext() }
    }

    // MARK: Requests that wait

    /// Requests with a place.
    var requestCount: Int { requests.load(ordering: .relaxed) }
    /// Requests that wait for one.
    var waitingCount: Int { waiting.load(ordering: .sequentiallyConsistent) }

    /// One more request waits, unless `limit` do already.
    ///
    /// - Returns: its number.
    func join(_ waits: PlaceWaits, limit: Int) -> UInt64? {
        waiting.wrappingAdd(1, ordering: .sequentiallyConsistent)
        let line = self.line.load() ?? self.line.storeIfNil(PlaceLine())
        if let number = line.join(waits, limit: limit) { return number }
        waiting.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        return nil
    }

    /// The request waits no longer.
    func part(_ number: UInt64, hasPlace: Bool) {
        let knew = line.load()?.part(number) ?? false
        waiting.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        if knew, !hasPlace { tellNext() }
    }

    /// The request knew of a place, and found none.
    func again(_ number: UInt64) { line.load()?.again(number) }

    /// There may be a place.
    func tellNext() {
        guard waitingCount > 0, let (waits, number) = line.load()?.next() else { return }
        waits.tell(number, of: self)
    }

    // MARK: Retries

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
