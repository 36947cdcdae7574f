/// How many requests one endpoint may have at a time, as a share of what all have: `hash_balance_factor` of HAProxy.
///
/// With a factor of 150 percent an endpoint gets no request as long as it has one and a half times its share of all
/// requests, the new one included, rounded up. At least one endpoint is always below its bound.
struct LoadBound {
    /// Factors that are possible, percent.
    static let factors = 101...65_535

    private let factor: UInt64
    /// Of all endpoints that can be picked.
    private var requests: UInt64 = 0
    private var weight: UInt64 = 0

    init(factor: Int) {
        self.factor = UInt64(min(max(factor, Self.factors.lowerBound), Self.factors.upperBound))
    }

    /// Counts an endpoint that can be picked.
    ///
    /// - Parameter weight: times its share.
    mutating func add(requests: UInt64, weight: Int) {
        // No sum of theirs ends a product below: 2⁴⁴ × 2¹⁶.
        self.requests = min(self.requests + requests, 1 << 44)
        self.weight &+= UInt64(max(0, weight))
    }

    /// The endpoint may have one more: requests ÷ (all requests + 1) < factor × weight ÷ all weights.
    func allows(requests: UInt64, weight: Int) -> Bool {
        let has = (requests * 100).multipliedFullWidth(by: self.weight)
        let may = (factor * (self.requests + 1)).multipliedFullWidth(by: UInt64(max(0, weight)))
        return (has.high, has.low) < (may.high, may.low)
    }
}
