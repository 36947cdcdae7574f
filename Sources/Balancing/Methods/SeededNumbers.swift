/// Pseudo-random numbers, the same for the same seed (SplitMix64). Not for secrets.
struct SeededNumbers: Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return KeyHash.mixed(state)
    }

    /// A number from 0 to below `bound`; 0 for a bound of 0. Uniform but for one part in 2⁶⁴ ÷ `bound`.
    mutating func next(below bound: UInt64) -> UInt64 {
        next().multipliedFullWidth(by: bound).high
    }
}
