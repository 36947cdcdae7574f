/// Hashes of the bytes that find rules: of a whole host, its ends and its pieces.
///
/// The hash needs no secret seed: a candidate is always verified by its rule, and clients cannot choose the table's
/// keys.
enum CandidateKeys {
    /// Lengths of the pieces that find a text inside a host, longest first.
    static let gramLengths = [8, 4, 2]

    enum Kind: UInt64 {
        case whole = 0x1000
        case prefix = 0x2000
        case suffix = 0x3000
        case gram = 0x4000
    }

    /// Adds a byte to a running hash.
    @inline(__always) static func add(_ byte: UInt8, to hash: UInt64) -> UInt64 {
        (hash &+ UInt64(byte) &+ 1) &* 0x9E37_79B9_7F4A_7C15
    }

    @inline(__always) static func finish(_ hash: UInt64, _ kind: Kind, length: Int) -> UInt64 {
        let value = hash ^ (kind.rawValue | UInt64(truncatingIfNeeded: length)) &* 0xD6E8_FEB8_6659_FD93
        let product = value.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return product.high ^ product.low
    }

    static func whole(_ bytes: [UInt8]) -> UInt64 {
        finish(bytes.reduce(0) { add($1, to: $0) }, .whole, length: bytes.count)
    }

    static func prefix(_ bytes: [UInt8]) -> UInt64 {
        finish(bytes.reduce(0) { add($1, to: $0) }, .prefix, length: bytes.count)
    }

    /// From the last byte to the first.
    static func suffix(_ bytes: [UInt8]) -> UInt64 {
        finish(bytes.reversed().reduce(0) { add($1, to: $0) }, .suffix, length: bytes.count)
    }

    /// Of the low `length` bytes of `word`, into which the text was shifted.
    @inline(__always) static func gram(_ word: UInt64, length: Int) -> UInt64 {
        let bits = UInt64(length * 8)
        return finish((word &<< (64 &- bits)) &>> (64 &- bits), .gram, length: length)
    }

    /// All pieces of a text of one length.
    static func grams(_ text: [UInt8], length: Int) -> [UInt64] {
        guard text.count >= length else { return [] }
        var word: UInt64 = 0
        var grams: [UInt64] = []
        for (index, byte) in text.enumerated() {
            word = word << 8 | UInt64(byte)
            if index >= length - 1 { grams.append(gram(word, length: length)) }
        }
        return grams
    }
}
