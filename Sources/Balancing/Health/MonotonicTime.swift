/// A moment of a clock that never goes back: nanoseconds since whenever the caller's clock began.
public struct MonotonicTime: Sendable, Hashable, Comparable {
    public let nanoseconds: UInt64

    /// Later than anything.
    public static let distantFuture = MonotonicTime(nanoseconds: .max)

    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Ends at `distantFuture`. A negative duration counts as none.
    public static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        let (sum, isOver) = time.nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return MonotonicTime(nanoseconds: isOver ? .max : sum)
    }

    /// How long ago `earlier` was; zero where it is not earlier.
    public func since(_ earlier: MonotonicTime) -> Duration {
        guard self > earlier else { return .zero }
        return .nanoseconds(Int64(clamping: nanoseconds - earlier.nanoseconds))
    }
}

extension Duration {
    /// Not below zero, and not above what 64 bits hold.
    var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (product, isOver) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        guard !isOver else { return .max }
        let (sum, overflows) = product.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000))
        return overflows ? .max : sum
    }
}
