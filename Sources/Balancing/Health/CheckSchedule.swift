/// When the checks of one endpoint are due: every interval, a tenth more or less at random, so that the checks of many
/// endpoints do not stay together.
public struct CheckSchedule: Sendable {
    /// The first checks of many endpoints are spread over this time at most.
    public static let firstSpread = Duration.seconds(1)

    private var random: UInt64
    public private(set) var due: MonotonicTime

    /// - Parameters:
    ///   - spread: within which the first check comes, at a time of its own.
    ///   - seed: another for each endpoint.
    public init(spread: Duration = firstSpread, seed: UInt64, now: MonotonicTime) {
        random = seed
        due = now
        due = now + max(.zero, spread) * fraction()
    }

    /// A check begins: the next is due an interval later.
    public mutating func began(interval: Duration, now: MonotonicTime) {
        due = now + max(.zero, interval) * (0.9 + 0.2 * fraction())
    }

    /// From 0 to below 1 (SplitMix64).
    private mutating func fraction() -> Double {
        random &+= 0x9E37_79B9_7F4A_7C15
        var value = random
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double((value ^ (value >> 31)) >> 11) / Double(UInt64(1) << 53)
    }
}
