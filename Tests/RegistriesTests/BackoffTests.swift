import Testing

@testable import Registries

@Suite("The wait between attempts")
struct BackoffTests {
    @Test("It doubles, stays under its cap, and never falls below a half")
    func growth() {
        for random: UInt64 in [0, 511, 1023, .max] {
            var backoff = Backoff()
            var wanted = Duration.milliseconds(100)
            for _ in 0..<100 {
                let wait = backoff.next(random: random)
                #expect(wait >= wanted / 2)
                #expect(wait <= wanted)
                wanted = min(wanted * 2, .seconds(3))
            }
            backoff.succeeded()
            #expect(backoff.next(random: random) <= .milliseconds(100))
        }
    }
}
