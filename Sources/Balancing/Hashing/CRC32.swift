/// CRC-32 as in IEEE 802.3 and zlib: what nginx and memcached clients hash keys with.
struct CRC32 {
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in
            value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320
        }
    }

    private var state: UInt32 = .max

    var value: UInt32 { ~state }

    mutating func update(_ byte: UInt8) {
        state = Self.table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ state >> 8
    }

    mutating func update(_ bytes: Span<UInt8>) {
        for index in bytes.indices { update(bytes[index]) }
    }

    /// The four bytes of a number, the lowest first.
    mutating func update(littleEndian number: UInt32) {
        for position in 0..<4 as Range<UInt32> { update(UInt8(truncatingIfNeeded: number >> (8 * position))) }
    }

    /// A number below 100, as it is written.
    mutating func update(decimal number: Int) {
        if number >= 10 { update(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number / 10)) }
        update(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number % 10))
    }
}
