/// An IPv4 or IPv6 address.
///
/// An IPv4-mapped IPv6 address (`::ffff:10.0.0.1`, RFC 4291 §2.5.5.2) **is** the IPv4
/// address: both spellings make equal values, so that no comparison, no `CIDR` and no
/// set of addresses can be bypassed by the other spelling. There are no zone identifiers.
public struct IPAddress: Hashable, Sendable {
    /// The upper 64 bits of an IPv6 address; 0 for IPv4.
    let high: UInt64
    /// The lower 64 bits of an IPv6 address; the 32 bits of an IPv4 address.
    let low: UInt64
    public let isIPv4: Bool

    /// The IPv4 address whose first byte is the highest byte of `bits`.
    public init(v4 bits: UInt32) {
        self.high = 0
        self.low = UInt64(bits)
        self.isIPv4 = true
    }

    /// The IPv6 address of these 128 bits, or the IPv4 address that they map.
    public init(v6High high: UInt64, low: UInt64) {
        if high == 0, low >> 32 == 0xFFFF {
            self.init(v4: UInt32(truncatingIfNeeded: low))
        } else {
            self.init(high: high, low: low)
        }
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        self.isIPv4 = false
    }

    /// The address of 4 or 16 bytes in network order; nil for any other count.
    public init?(networkBytes bytes: some Collection<UInt8>) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        for byte in bytes {
            high = high << 8 | low >> 56
            low = low << 8 | UInt64(byte)
        }
        switch bytes.count {
        case 4: self.init(v4: UInt32(truncatingIfNeeded: low))
        case 16: self.init(v6High: high, low: low)
        default: return nil
        }
    }

    /// 4 or 16 bytes in network order.
    public var networkBytes: [UInt8] {
        func bytes(_ word: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: word >> UInt64((count - 1 - $0) * 8)) }
        }
        return isIPv4 ? bytes(low, 4) : bytes(high, 8) + bytes(low, 8)
    }

    /// The 128 bits of an IPv6 address.
    package var words: (high: UInt64, low: UInt64) { (high, low) }

    /// The 32 bits of an IPv4 address; nil for IPv6.
    public var v4Bits: UInt32? { isIPv4 ? UInt32(truncatingIfNeeded: low) : nil }
}
