/// Random numbers for request ids, seeds and turns (xoshiro256**, Blackman and Vigna). Not for secrets: fast, and
/// without a system call for each number.
package struct Random: RandomNumberGenerator, Sendable {
    private var a: UInt64
    private var b: UInt64
    private var c: UInt64
    private var d: UInt64

    /// - Parameter seed: the same seed gives the same numbers.
    package init(seed: UInt64) {
        // SplitMix64 spreads the seed over the state.
        var state = seed
        func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ value &>> 30) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ value &>> 27) &* 0x94D0_49BB_1331_11EB
            return value ^ value &>> 31
        }
        a = next()
        b = next()
        c = next()
        d = next()
    }

    package mutating func next() -> UInt64 {
        let product = b &* 5
        let result = (product &<< 7 | product &>> 57) &* 9
        let shifted = b &<< 17
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = d &<< 45 | d &>> 19
        return result
    }
}
