import HTTP1

/// Ways to cut bytes into reads, and limits for them: chosen by the bytes themselves, so that the same input
/// is always looked at in the same way.
struct Reads {
    private var state: UInt64

    init(_ bytes: [UInt8]) {
        // FNV-1a.
        state = 0xCBF2_9CE4_8422_2325
        for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    /// SplitMix64.
    mutating func number(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ (word >> 31)) % UInt64(max(1, bound)))
    }

    /// Sizes that add up to `count`.
    mutating func sizes(_ count: Int) -> [Int] {
        var sizes: [Int] = []
        var left = count
        let most = [1, 3, 17, 200][number(below: 4)]
        while left > 0 {
            let size = 1 + number(below: min(left, most))
            sizes.append(size)
            left -= size
        }
        return sizes
    }

    /// Limits that are reached now and then.
    mutating func limits(_ count: Int) -> HeadLimits {
        HeadLimits(
            headBytes: 1 + number(below: count + 4),
            fields: number(below: 5),
            targetBytes: 1 + number(below: 30)
        )
    }
}

extension Array<UInt8> {
    func slice(_ range: ByteRange) -> [UInt8] { Array(self[range.indices]) }
}

/// What a reader made of some bytes.
enum Reading<Meaning: Equatable, Failure: Error & Equatable>: Equatable {
    case head(Meaning)
    case incomplete
    case refused(Failure)
}
