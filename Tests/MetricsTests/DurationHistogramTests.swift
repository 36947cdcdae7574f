import Metrics
import TestSupport
import Testing

@Suite struct DurationHistogramTests {
    @Test(arguments: TestSeed.arguments(for: "durations in buckets", and: 1))
    func `A duration is counted in the first bucket whose bound it does not exceed`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let near = DurationHistogram.bounds.flatMap { [$0 - 1, $0, $0 + 1] } + [0, .max]
        let others = (0..<2000).map { _ in UInt64.random(in: 0...70_000_000_000, using: &random) }
        for duration in near + others {
            var histogram = DurationHistogram()
            histogram.record(nanoseconds: duration)
            let expected = DurationHistogram.bounds.firstIndex { duration <= $0 }
            let found = (0..<DurationHistogram.bucketCount).filter { histogram[$0] > 0 }
            #expect(found == [expected ?? DurationHistogram.bucketCount - 1], "\(duration)")
            #expect(histogram.sum == duration)
        }
    }

    @Test func `A quantile lies within the bucket of its rank`() throws {
        var histogram = DurationHistogram()
        #expect(histogram.quantile(0.5) == nil)
        for _ in 0..<90 { histogram.record(nanoseconds: 400_000) }
        for _ in 0..<10 { histogram.record(nanoseconds: 40_000_000) }
        let median = try #require(histogram.quantile(0.5))
        let late = try #require(histogram.quantile(0.99))
        #expect(median > 0 && median <= 0.0005)
        #expect(late > 0.025 && late <= 0.05)
    }

    @Test func `What takes longer than the last bound counts as the last bound`() {
        var histogram = DurationHistogram()
        histogram.record(nanoseconds: 3_600_000_000_000)
        #expect(histogram.quantile(0.5) == 60)
    }
}
