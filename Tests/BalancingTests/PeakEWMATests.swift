import Balancing
import Testing

@Suite struct PeakEWMATests {
    private let second: UInt64 = 1_000_000_000

    @Test func `Nothing is known before the first response`() {
        #expect(PeakEWMA().value(now: 5) == 0)
    }

    @Test func `A slower response counts at once, a faster one by and by`() {
        var time = PeakEWMA(halfLife: .seconds(1))
        time.record(nanoseconds: 100, now: 10 * second)
        time.record(nanoseconds: 1000, now: 10 * second)
        #expect(time.value(now: 10 * second) == 1000)
        // No time has passed: the faster one has no weight.
        time.record(nanoseconds: 200, now: 10 * second)
        #expect(time.value(now: 10 * second) == 1000)
        // After a half-life the old value and the new one count the same.
        time.record(nanoseconds: 200, now: 11 * second)
        #expect(time.value(now: 11 * second) == 600)
    }

    @Test func `Without responses the value halves with each half-life`() {
        var time = PeakEWMA(halfLife: .seconds(2))
        time.record(nanoseconds: 8000, now: 0)
        #expect(time.value(now: 2 * second) == 4000)
        #expect(time.value(now: 4 * second) == 2000)
        #expect(time.value(now: 3 * second) == 3000)
        #expect(time.value(now: .max) == 0)
    }

    @Test func `A value never grows without a response`() {
        var time = PeakEWMA(halfLife: .milliseconds(7))
        time.record(nanoseconds: .max, now: 3)
        var last = UInt64.max
        for now in stride(from: 3 as UInt64, to: 600_000_000, by: 999_983) {
            let value = time.value(now: now)
            #expect(value <= last)
            last = value
        }
    }

    @Test func `No time, duration or sample traps`() {
        for halfLife in [.zero, .seconds(-5), .seconds(Int64.max), .nanoseconds(1)] as [Duration] {
            var time = PeakEWMA(halfLife: halfLife)
            for now in [5, 0, .max, 3] as [UInt64] {
                for sample in [0, 1, .max] as [UInt64] {
                    time.record(nanoseconds: sample, now: now)
                    #expect(time.value(now: .max) <= .max)
                }
            }
        }
        var time = PeakEWMA()
        time.record(nanoseconds: 0, now: 0)
        #expect(time.value(now: 0) == 1)
    }
}
