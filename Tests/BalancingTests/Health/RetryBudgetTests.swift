import Balancing
import Testing

@Suite struct RetryBudgetTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000)

    /// How many retries are let through at a time, with `begun` requests so far.
    private func allowed(_ budget: inout RetryBudget, begun: Int, percent: Int = 20, now: MonotonicTime)
        -> Int
    {
        var count = 0
        while count < 10_000, budget.enter(begun: begun, running: count, percent: percent, now: now) {
            count += 1
        }
        return count
    }

    @Test(arguments: [0, 20]) func `Three retries at a time are always allowed`(percent: Int) {
        var budget = RetryBudget(now: start)
        #expect(allowed(&budget, begun: 0, percent: percent, now: start) == 3)
        let third = budget.enter(begun: 0, running: 2, percent: percent, now: start)
        let fourth = budget.enter(begun: 0, running: 3, percent: percent, now: start)
        #expect(third && !fourth)
    }

    @Test func `A share of the last requests may be sent again, whatever runs at the moment`() {
        var budget = RetryBudget(now: start)
        #expect(allowed(&budget, begun: 1000, now: start + .seconds(1)) == 200)
        #expect(allowed(&budget, begun: 2000, now: start + .seconds(2)) == 200)
    }

    @Test func `What was before the window does not count`() {
        var budget = RetryBudget(now: start)
        #expect(allowed(&budget, begun: 1000, now: start) == 200)
        // The second half: the first one counts beside it.
        #expect(allowed(&budget, begun: 1000, now: start + .seconds(5)) == 3)
        #expect(allowed(&budget, begun: 1500, now: start + .seconds(5)) == 97)
        // Both are over.
        #expect(allowed(&budget, begun: 1500, now: start + .seconds(10)) == 3)
        #expect(allowed(&budget, begun: 1500, now: start + .seconds(15)) == 3)
    }

    @Test func `After a long time the mean rate counts`() {
        var budget = RetryBudget(now: start)
        // 100 requests a second for 1,000 s: 500 in 5 s.
        #expect(allowed(&budget, begun: 100_000, now: start + .seconds(1000)) == 100)
    }

    @Test func `Huge numbers do not trap`() {
        var budget = RetryBudget(now: start)
        _ = budget.enter(begun: .max, running: 5, percent: 100, now: start + .seconds(5))
        _ = budget.enter(begun: .min, running: 5, percent: 100, now: .distantFuture)
        _ = budget.enter(begun: .max, running: 5, percent: 100, now: start)
    }
}
