import Balancing
import Testing

@Suite struct ActiveHealthTests {
    /// Results, `+` or `-`, and whether the endpoint is up after each.
    private func states(_ results: String, _ start: HealthCheck.Start) -> [Bool] {
        var health = ActiveHealth(rise: 2, fall: 3, start: start)
        return results.map { result in
            if result == "+" { health.succeeded() } else { health.failed() }
            return health.isUp
        }
    }

    @Test func `So many failures in a row make it down, so many successes up`() {
        #expect(states("--+---", .up) == [true, true, true, true, true, false])
        #expect(states("---+-++", .up) == [true, true, false, false, false, false, true])
    }

    @Test func `The start decides how much has to be shown first`() {
        #expect(states("-+---+", .down) == [false, true, true, true, false, false])
        #expect(states("++", .fullyDown) == [false, true])
        #expect(states("+-++", .fullyDown) == [false, false, false, true])
        #expect(ActiveHealth(start: .up).isUp && !ActiveHealth(start: .down).isUp)
    }

    @Test func `A change is told once`() {
        var health = ActiveHealth(rise: 1, fall: 1, start: .up)
        let changes = [health.failed(), health.failed(), health.succeeded(), health.succeeded()]
        #expect(changes == [true, false, true, false])
    }
}

@Suite struct CheckScheduleTests {
    private let start = MonotonicTime(nanoseconds: 5)

    @Test func `First checks are spread over a second, the others are a tenth more or less apart`() {
        var first: Set<UInt64> = []
        for seed in 0..<1000 {
            var schedule = CheckSchedule(seed: UInt64(seed), now: start)
            #expect(schedule.due >= start && schedule.due.since(start) < .seconds(1))
            first.insert(schedule.due.nanoseconds / 100_000_000)
            let now = schedule.due
            schedule.began(interval: .seconds(5), now: now)
            let wait = schedule.due.since(now)
            #expect(wait >= .milliseconds(4500) && wait <= .milliseconds(5500))
        }
        #expect(first.count == 11 || first.count == 10)
    }

    @Test func `The same seed gives the same times`() {
        var one = CheckSchedule(seed: 7, now: start)
        var two = one
        one.began(interval: .seconds(1), now: start)
        two.began(interval: .seconds(1), now: start)
        #expect(one.due == two.due)
    }
}

@Suite struct MonotonicTimeTests {
    @Test func `Sums end at the distant future, and nothing is negative`() {
        let time = MonotonicTime(nanoseconds: 10)
        #expect(time + .seconds(Int64.max) == .distantFuture)
        #expect(time + .seconds(-1) == time)
        #expect(time.since(.distantFuture) == .zero)
        #expect((time + .nanoseconds(5)).since(time) == .nanoseconds(5))
    }
}
