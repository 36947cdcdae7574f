extension IPAddress {
    /// What an address is for. An IPv6 address that carries an IPv4 address (mapped,
    /// NAT64, 6to4, …) is what the IPv4 address is, wherever that one is not global.
    public enum Classification: String, Hashable, Sendable, CaseIterable {
        /// `0.0.0.0/8` and `::`: this host or network; never a destination.
        case unspecified
        /// `127.0.0.0/8` and `::1`.
        case loopback
        /// `169.254.0.0/16` and `fe80::/10`: where clouds keep their metadata service.
        case linkLocal = "link-local"
        /// `224.0.0.0/4` and `ff00::/8`.
        case multicast
        /// `255.255.255.255`.
        case broadcast
        /// A cloud's metadata service outside the link-local ranges.
        case metadata = "cloud metadata"
        /// RFC 1918, RFC 6598 (`100.64.0.0/10`), `fc00::/7`, `fec0::/10`.
        case `private`
        /// Kept for documentation, benchmarks and the future.
        case reserved
        /// Everything else.
        case global

        /// Whether Berth never connects to such an address, whatever its source.
        public var isProhibited: Bool {
            switch self {
            case .unspecified, .linkLocal, .multicast, .broadcast, .metadata: true
            case .loopback, .private, .reserved, .global: false
            }
        }
    }

    public var classification: Classification {
        if let bits = v4Bits { return Self.classify(v4: bits) }
        return Self.classify(high: high, low: low)
    }

    /// The word for what forbids connecting to the address (`link-local`, `multicast`,
    /// `unspecified`, `broadcast`, `cloud metadata`); nil when nothing does.
    public var prohibitedKind: String? {
        let classification = classification
        return classification.isProhibited ? classification.rawValue : nil
    }

    public var isUnspecified: Bool { classification == .unspecified }
    public var isLoopback: Bool { classification == .loopback }

    private static func classify(v4 bits: UInt32) -> Classification {
        func within(_ network: UInt32, _ prefix: UInt32) -> Bool { (bits ^ network) >> (32 - prefix) == 0 }
        if bits == 0xFFFF_FFFF { return .broadcast }
        // Alibaba, Azure, and Oracle's old one: ordinary addresses by their range.
        if bits == 0x6464_64C8 || bits == 0xA83F_8110 || bits == 0xC000_00C0 { return .metadata }
        if within(0x0000_0000, 8) { return .unspecified }
        if within(0x7F00_0000, 8) { return .loopback }
        if within(0xA9FE_0000, 16) { return .linkLocal }
        if within(0xE000_0000, 4) { return .multicast }
        if within(0x0A00_0000, 8) || within(0xAC10_0000, 12) || within(0xC0A8_0000, 16)
            || within(0x6440_0000, 10)
        {
            return .private
        }
        if within(0xF000_0000, 4) || within(0xC000_0000, 24) || within(0xC000_0200, 24)
            || within(0xC612_0000, 15)
            || within(0xC633_6400, 24) || within(0xCB00_7100, 24)
        {
            return .reserved
        }
        return .global
    }

    private static func classify(high: UInt64, low: UInt64) -> Classification {
        if high == 0, low <= 1 { return low == 0 ? .unspecified : .loopback }
        // Amazon, Google, Scaleway.
        if high == 0xFD00_0EC2_0000_0000, low == 0x254 { return .metadata }
        if high == 0xFD20_00CE_0000_0000, low == 0x254 { return .metadata }
        if high == 0xFD00_0042_0000_0000, low == 0x42 { return .metadata }
        if high >> 56 == 0xFF { return .multicast }
        if high >> 54 == 0xFE80 >> 6 { return .linkLocal }
        for bits in embedded(high: high, low: low) {
            let inner = classify(v4: bits)
            if inner != .global { return inner }
        }
        if high >> 57 == 0xFC >> 1 || high >> 54 == 0xFEC0 >> 6 { return .private }
        if high >> 32 == 0x2001_0DB8 || high == 0x0100_0000_0000_0000 { return .reserved }
        return .global
    }

    /// The IPv4 addresses that an IPv6 address may lead to, by the ways there are.
    private static func embedded(high: UInt64, low: UInt64) -> [UInt32] {
        let last = UInt32(truncatingIfNeeded: low)
        // IPv4-compatible (RFC 4291 §2.5.5.1) and IPv4-translated (RFC 2765 §2.1).
        if high == 0, low >> 32 == 0 || low >> 32 == 0xFFFF_0000 { return [last] }
        // NAT64, the well-known prefix (RFC 6052 §2.1).
        if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 { return [last] }
        // NAT64, the local prefix 64:ff9b:1::/48 (RFC 8215): /96, /64, /56 and /48 may be in use (RFC 6052 §2.2).
        if high >> 16 == 0x0064_FF9B_0001 {
            let first = UInt32(truncatingIfNeeded: high << 16 | low >> 40 & 0xFFFF)
            let second = UInt32(truncatingIfNeeded: high << 24 | low >> 32 & 0xFF_FFFF)
            let third = UInt32(truncatingIfNeeded: low >> 24)
            // Read by the wrong length, a suffix of zeros looks like 0.0.0.0/8.
            return [last, first, second, third].filter { $0 >> 24 != 0 }
        }
        // 6to4 (RFC 3056 §2).
        if high >> 48 == 0x2002 { return [UInt32(truncatingIfNeeded: high >> 16)] }
        // Teredo: server, and client with its bits inverted (RFC 4380 §4).
        if high >> 32 == 0x2001_0000 { return [UInt32(truncatingIfNeeded: high), ~last] }
        // ISATAP (RFC 5214 §6.1).
        if low >> 32 == 0x0000_5EFE || low >> 32 == 0x0200_5EFE { return [last] }
        return []
    }
}
