/// What is known of an endpoint at the time of a pick.
///
/// The default values are those of an endpoint that nothing is known of: it can be picked, and has its full share.
public struct EndpointLoad: Sendable, Hashable {
    /// It must not be picked: it was tried for this request, its checks fail, or it has as many requests as it may have.
    public var isExcluded = false
    /// Requests that it has now, connects under way included.
    public var requests = 0
    /// How long its responses take, nanoseconds (``PeakEWMA/value(now:)``; 0: not measured yet).
    public var nanoseconds: UInt64 = 0
    /// The part of its weight that counts now, above 0 to 1: less than 1 during a slow start.
    public var weightShare = 1.0

    public init(
        isExcluded: Bool = false,
        requests: Int = 0,
        nanoseconds: UInt64 = 0,
        weightShare: Double = 1
    ) {
        self.isExcluded = isExcluded
        self.requests = requests
        self.nanoseconds = nanoseconds
        self.weightShare = weightShare
    }

    /// `weightShare` in parts of ``SmoothTurns/wholeShare``; at least one part, whatever value it has.
    var share: Int {
        guard weightShare < 1 else { return weightShare.isNaN ? 1 : SmoothTurns.wholeShare }
        return weightShare > 0 ? max(1, Int(weightShare * Double(SmoothTurns.wholeShare))) : 1
    }

    /// The share, or nil for an endpoint that must not be picked.
    var availableShare: Int? {
        isExcluded ? nil : share
    }

    /// The requests within the bounds that all arithmetic with them relies on: 0 to 2³² − 1.
    var boundedRequests: UInt64 {
        UInt64(min(max(requests, 0), Int(UInt32.max)))
    }
}
