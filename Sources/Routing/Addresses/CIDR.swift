import Bytes

/// A block of addresses: `10.0.0.0/8`, `fd00::/8`, or one address.
public struct CIDR: Hashable, Sendable, CustomStringConvertible {
    /// The block's first address: bits after the prefix are zero.
    public let network: IPAddress
    /// 0…32 for IPv4, 0…128 for IPv6, bits.
    public let prefixLength: Int

    /// Nil when the length does not fit the address. Bits after the prefix are dropped.
    public init?(_ address: IPAddress, prefixLength: Int) {
        guard prefixLength >= 0, prefixLength <= (address.isIPv4 ? 32 : 128) else { return nil }
        self.prefixLength = prefixLength
        if let bits = address.v4Bits {
            self.network = IPAddress(v4: bits & UInt32(truncatingIfNeeded: Self.mask(prefixLength + 32)))
        } else {
            self.network = IPAddress(
                v6High: address.high & Self.mask(prefixLength),
                low: address.low & Self.mask(prefixLength - 64)
            )
        }
    }

    /// Exactly this address.
    public init(_ address: IPAddress) {
        self.network = address
        self.prefixLength = address.isIPv4 ? 32 : 128
    }

    /// Reads `address/length` or a bare address. A mapped block (`::ffff:10.0.0.0/104`)
    /// is the IPv4 block. Nil for anything else.
    public init?(_ text: String) {
        let parts = text.utf8.split(
            separator: UInt8(ascii: "/"),
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let first = parts.first, let address = IPAddress(Array(first).span) else { return nil }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        guard !parts[1].isEmpty, parts[1].count <= 3, parts[1].allSatisfy(ASCII.isDigit),
            var length = Int(String(Substring(parts[1])))
        else { return nil }
        if address.isIPv4, first.contains(UInt8(ascii: ":")) {
            length -= 96
        }
        self.init(address, prefixLength: length)
    }

    /// Whether the block holds the address. IPv4 blocks never hold IPv6 addresses, nor
    /// the other way round; a mapped address is an IPv4 address.
    public func contains(_ address: IPAddress) -> Bool {
        guard address.isIPv4 == network.isIPv4 else { return false }
        if address.isIPv4 {
            return (address.low ^ network.low) & Self.mask(prefixLength + 32) == 0
        }
        return (address.high ^ network.high) & Self.mask(prefixLength) == 0
            && (address.low ^ network.low) & Self.mask(prefixLength - 64) == 0
    }

    public var description: String { "\(network)/\(prefixLength)" }

    /// The upper `count` bits of a word; none below 0, all above 64.
    private static func mask(_ count: Int) -> UInt64 {
        count <= 0 ? 0 : count >= 64 ? .max : ~(UInt64.max >> UInt64(count))
    }
}
