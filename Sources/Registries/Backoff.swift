/// The waits between attempts that fail: each about twice the one before, up to a cap, with jitter, so that
/// many tiers do not come back to a registry in step.
struct Backoff: Sendable {
    /// The first wait (default 100 ms).
    var first: Duration = .milliseconds(100)
    /// The longest wait (default 3 s): a registry that is back is followed again after at most this.
    var cap: Duration = .seconds(3)
    /// Failures since the last success.
    private(set) var failures = 0

    mutating func succeeded() { failures = 0 }

    /// - Parameter random: any 64 bits.
    /// - Returns: between a half and the whole of `first · 2^failures`, at most `cap`.
    mutating func next(random: UInt64) -> Duration {
        let whole = min(cap, first * (1 << min(failures, 16)))
        failures += 1
        // 0…1023 of 1024 parts of the upper half.
        return whole / 2 + (whole / 2) * Int(random % 1024) / 1024
    }
}
