/// A hash of bytes that clients choose: with a seed that they do not know.
package struct ByteHash: Sendable {
    private let seed: UInt64

    package init(seed: UInt64) { self.seed = seed }

    package func callAsFunction(_ bytes: Span<UInt8>) -> UInt64 {
        var hash = seed ^ UInt64(UInt(bitPattern: bytes.count))
        var index = 0
        while index &+ 8 <= bytes.count {
            var word: UInt64 = 0
            for offset in 0..<8 { word |= UInt64(bytes[index &+ offset]) &<< UInt64(offset &* 8) }
            hash = Self.mix(hash ^ word)
            index &+= 8
        }
        var tail: UInt64 = 0
        while index < bytes.count {
            tail = tail &<< 8 | UInt64(bytes[index])
            index &+= 1
        }
        return Self.mix(hash ^ tail)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        let product = (value ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }
}
