/// How long the responses of an endpoint take: a moving average that follows a slower response at once and forgets it
/// slowly.
///
/// The measure of `least_time`, whether a response is measured up to its header or up to its last byte. Integers only:
/// the same on every machine. Without responses the value falls to nothing, so that an endpoint that was slow is tried
/// again. Record an attempt that failed with the time that a client would have waited, not with the time that the
/// failure took: an endpoint that refuses at once would be the fastest of all otherwise.
public struct PeakEWMA: Sendable, Hashable {
    /// After this time a value without new responses is half of what it was.
    public static let defaultHalfLife = Duration.seconds(7)

    private let halfLife: UInt64
    /// As of `recorded`.
    private var average: UInt64 = 0
    private var recorded: UInt64 = 0

    /// - Parameter halfLife: at least a nanosecond (default 7 s).
    public init(halfLife: Duration = defaultHalfLife) {
        let (seconds, attoseconds) = halfLife.components
        let nanoseconds = max(0, seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let sum = nanoseconds.overflow ? .max : nanoseconds.partialValue
        self.halfLife = UInt64(max(1, sum.addingReportingOverflow(attoseconds / 1_000_000_000).partialValue))
    }

    /// Takes the time of one response.
    ///
    /// - Parameters:
    ///   - nanoseconds: how long it took.
    ///   - now: of a clock that does not go back, nanoseconds. A time before that of the last record counts as the same.
    public mutating func record(nanoseconds: UInt64, now: UInt64) {
        let sample = max(1, nanoseconds)
        average = sample >= average ? sample : sample + decayed(average - sample, now: now)
        recorded = max(recorded, now)
    }

    /// Nanoseconds; 0: not measured, or so long ago that it says nothing any more.
    public func value(now: UInt64) -> UInt64 {
        decayed(average, now: now)
    }

    /// Half of the value for each half-life, and between two of them along a straight line.
    private func decayed(_ value: UInt64, now: UInt64) -> UInt64 {
        guard now > recorded else { return value }
        let (halves, rest) = (now - recorded).quotientAndRemainder(dividingBy: halfLife)
        guard halves < 64 else { return 0 }
        let whole = value >> halves
        // `rest` is below `halfLife`, so the quotient is below `whole`.
        let lost = halfLife.dividingFullWidth(whole.multipliedFullWidth(by: rest)).quotient
        return whole - lost / 2
    }
}
