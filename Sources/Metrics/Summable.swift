/// What event loops count, each for itself: sums of them are what the tier has counted.
package protocol Summable: Sendable {
    /// Nothing was counted.
    init()
    mutating func add(_ other: Self)
    /// To be called with what was a part of it.
    mutating func subtract(_ other: Self)
    /// What grows with each event: where it is smaller than before, counting has begun anew.
    var count: UInt64 { get }
}

extension Summable {
    /// What has come since an earlier state; all of it where counting has begun anew since.
    package func since(_ earlier: Self) -> Self {
        guard count >= earlier.count else { return self }
        var rest = self
        rest.subtract(earlier)
        return rest
    }
}
