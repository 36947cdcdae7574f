/// The waits between attempts that fail: each about twice the previous one, up to a maximum, with jitter, so that
/// many tiers do not return to a registry in step.
package struct Backoff: Sendable {
    /// The first wait (default 100 ms).
    package var first: Duration = .milliseconds(100)
    /// The maximum wait (default 3 s): a registry that has recovered is followed again after at most this.
    package var maximum: Duration = .seconds(3)
    /// Failures since the last success.
    private var failures = 0

    package init() {}

    package mutating func reset() { failures = 0 }

    /// - Parameter random: any 64 bits.
    /// - Returns: between half of and the whole of `first · 2^failures`, at most `maximum`.
    package mutating func next(random: UInt64) -> Duration {
        let whole = min(maximum, first * (1 << min(failures, 16)))
        failures += 1
        // 0…1023 of 1024 parts of the upper half.
        return whole / 2 + (whole / 2) * Int(random % 1024) / 1024
    }
}
