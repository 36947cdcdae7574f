/// A 64-bit hash of a key: FNV-1a, and then a mixer, as the low bits of FNV alone are too regular.
///
/// The same on every machine and in every version: locations in tables depend on it.
enum KeyHash {
    static func of(_ bytes: Span<UInt8>, seed: UInt64 = 0) -> UInt64 {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325 ^ seed
        for index in bytes.indices { value = (value ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01B3 }
        return mixed(value)
    }

    static func of(_ text: String, seed: UInt64 = 0) -> UInt64 {
        of(Array(text.utf8).span, seed: seed)
    }

    /// The finisher of SplitMix64: each bit of the result depends on each of `value`.
    static func mixed(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}
