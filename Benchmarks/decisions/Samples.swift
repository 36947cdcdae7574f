/// How long each of many decisions took.
struct Samples {
    private var nanoseconds: [Int64] = []

    /// - Parameter room: for so many, taken and touched from the start.
    init(room: Int = 0) {
        nanoseconds = Array(repeating: 1, count: room)
        nanoseconds.removeAll(keepingCapacity: true)
    }

    mutating func add(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        nanoseconds.append(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    /// A quantile, without what reading the clock takes.
    func quantile(_ part: Double, clock: Int64) -> Int64 {
        let sorted = nanoseconds.sorted()
        guard !sorted.isEmpty else { return 0 }
        return max(0, sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))] - clock)
    }

    /// What two readings of the clock with nothing in between take, at the median.
    static func clockCost() -> Int64 {
        let clock = ContinuousClock()
        var samples = Samples()
        for _ in 0..<100_000 {
            let start = clock.now
            samples.add(clock.now - start)
        }
        return samples.quantile(0.5, clock: 0)
    }
}
