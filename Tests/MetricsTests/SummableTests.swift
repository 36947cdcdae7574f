import Metrics
import TestSupport
import Testing

/// What several loops count adds up to what one would have counted.
@Suite struct SummableTests {
    private static let seeds = TestSeed.arguments(for: "sums of counts", and: 1)

    private func record(_ counts: inout RequestCounts, _ random: inout SeededRandom) {
        counts.record(
            status: [0, 101, 200, 302, 404, 499, 502, 999].randomElement(using: &random) ?? 0,
            failed: Bool.random(using: &random),
            nanoseconds: UInt64.random(
                in: 0...(1 << UInt64.random(in: 1...40, using: &random)),
                using: &random
            ),
            bytesIn: UInt64.random(in: 0...10_000, using: &random),
            bytesOut: UInt64.random(in: 0...10_000, using: &random)
        )
    }

    @Test(arguments: seeds)
    func `The sum of what loops count of requests is what one loop counts of all, in whatever order`(
        seed: UInt64
    ) {
        var random = SeededRandom(seed: seed)
        var loops = [RequestCounts](repeating: RequestCounts(), count: 5)
        var one = RequestCounts()
        for index in 0..<2000 {
            let before = random
            record(&loops[index % 5], &random)
            var same = before
            record(&one, &same)
        }
        for _ in 0..<5 {
            var sum = RequestCounts()
            for loop in loops.shuffled(using: &random) { sum.add(loop) }
            #expect(sum == one)
        }
        #expect((0..<StatusClass.count).reduce(0) { $0 + one[status: $1] } == one.count)
        #expect(one.durations.count == one.count)
    }

    @Test func `Where counting has begun anew, all of it is new`() {
        var before = EndpointCounts()
        for _ in 0..<10 { before.record(status: 200, nanoseconds: 5) }
        var after = before
        after.recordFailure()
        #expect(after.since(before).count == 1)
        var fresh = EndpointCounts()
        fresh.record(status: 500, nanoseconds: 1)
        #expect(fresh.since(before) == fresh)
    }
}
