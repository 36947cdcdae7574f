/// Counts of durations in fixed buckets, and their sum. Its size is constant, and it refers to nothing: a copy is one copy
/// of bytes.
package struct DurationHistogram: Sendable, Equatable {
    /// The upper bounds of the buckets, each inclusive, nanoseconds: 0.5 ms to 60 s. One more bucket holds what took longer.
    package static let bounds: [UInt64] = [
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
        30_000_000_000, 60_000_000_000,
    ]
    /// Those of `bounds` and the last.
    package static let bucketCount = 17

    private var counts = InlineArray<17, UInt64>(repeating: 0)
    /// Of all durations, nanoseconds.
    package private(set) var sum: UInt64 = 0

    package init() {}

    package mutating func record(nanoseconds: UInt64) {
        counts[Self.bucket(of: nanoseconds)] &+= 1
        sum &+= nanoseconds
    }

    /// The bucket of a duration. Most requests take less than some milliseconds: their comparisons come first.
    static func bucket(of nanoseconds: UInt64) -> Int {
        switch nanoseconds {
        case ...500_000: 0
        case ...1_000_000: 1
        case ...2_500_000: 2
        case ...5_000_000: 3
        case ...10_000_000: 4
        case ...25_000_000: 5
        case ...50_000_000: 6
        case ...100_000_000: 7
        case ...250_000_000: 8
        case ...500_000_000: 9
        case ...1_000_000_000: 10
        case ...2_500_000_000: 11
        case ...5_000_000_000: 12
        case ...10_000_000_000: 13
        case ...30_000_000_000: 14
        case ...60_000_000_000: 15
        default: 16
        }
    }

    /// How many durations are in a bucket.
    ///
    /// - Parameter bucket: below `bucketCount`.
    package subscript(bucket: Int) -> UInt64 { counts[bucket] }

    /// All durations.
    package var count: UInt64 {
        var sum: UInt64 = 0
        for bucket in counts.indices { sum &+= counts[bucket] }
        return sum
    }

    /// The duration that a share of all durations does not exceed, interpolated within its bucket.
    ///
    /// - Parameter share: from 0 to 1.
    /// - Returns: seconds, 60 at most; nil: there are no durations.
    package func quantile(_ share: Double) -> Double? {
        let count = count
        guard count > 0 else { return nil }
        let rank = share * Double(count)
        var below: UInt64 = 0
        var lower: UInt64 = 0
        for (bucket, upper) in Self.bounds.enumerated() {
            let here = counts[bucket]
            if here > 0, Double(below &+ here) >= rank {
                let part = max(0, rank - Double(below)) / Double(here)
                return (Double(lower) + part * Double(upper - lower)) / 1e9
            }
            below &+= here
            lower = upper
        }
        return Double(lower) / 1e9
    }

    package static func == (left: Self, right: Self) -> Bool {
        for bucket in left.counts.indices where left.counts[bucket] != right.counts[bucket] { return false }
        return left.sum == right.sum
    }
}

extension DurationHistogram: Summable {
    package mutating func add(_ other: DurationHistogram) {
        for bucket in counts.indices { counts[bucket] &+= other.counts[bucket] }
        sum &+= other.sum
    }

    package mutating func subtract(_ other: DurationHistogram) {
        for bucket in counts.indices { counts[bucket] -= min(counts[bucket], other.counts[bucket]) }
        sum -= min(sum, other.sum)
    }
}
