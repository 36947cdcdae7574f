import Testing

@testable import RegistryClient

@Suite struct BackoffTests {
    @Test func `The wait doubles, stays below its maximum, and is never less than half`() {
        for random: UInt64 in [0, 511, 1023, .max] {
            var backoff = Backoff()
            var expected = Duration.milliseconds(100)
            for _ in 0..<100 {
                let wait = backoff.next(random: random)
                #expect(wait >= expected / 2)
                #expect(wait <= expected)
                expected = min(expected * 2, .seconds(3))
            }
            backoff.reset()
            #expect(backoff.next(random: random) <= .milliseconds(100))
        }
    }
}
