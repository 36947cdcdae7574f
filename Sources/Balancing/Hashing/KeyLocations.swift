/// Where keys belong: for each key a sequence of slots, the first one first. Immutable, and the same for the same list.
enum KeyLocations: Sendable {
    /// As nginx's `ip_hash`.
    case address(WeightedSlots)
    /// As nginx's `hash`.
    case remainder(WeightedSlots)
    /// As nginx's `hash … consistent`.
    case ring(HashRing)
    case maglev(MaglevTable)

    /// Slots of one key that are tried before a turn decides: as in nginx.
    static let attempts = 21

    /// - Returns: nil for a method without keys.
    init?(_ method: BalancingMethod, _ slots: [KeySlot]) {
        switch method {
        case .ipHash: self = .address(WeightedSlots(slots.map(\.weight)))
        case .hash(let consistent):
            self = consistent ? .ring(HashRing(slots)) : .remainder(WeightedSlots(slots.map(\.weight)))
        case .maglev: self = .maglev(MaglevTable(slots))
        case .roundRobin, .leastConnections, .leastTime, .random: return nil
        }
    }

    /// How far the sequence of a key has come.
    struct Cursor {
        fileprivate var attempt = 0
        /// The hash so far, or a position.
        fileprivate var state: UInt64
    }

    func start(_ key: Span<UInt8>) -> Cursor {
        switch self {
        case .address: Cursor(state: 89)
        case .remainder: Cursor(state: 0)
        case .ring(let ring):
            Cursor(state: UInt64(ring.position(of: Self.crc(key))))
        case .maglev: Cursor(state: KeyHash.of(key))
        }
    }

    /// The next slot of a key; nil: no slot has a weight.
    func next(_ key: Span<UInt8>, _ cursor: inout Cursor) -> Int? {
        defer { cursor.attempt += 1 }
        switch self {
        case .address(let slots):
            guard slots.total > 0 else { return nil }
            cursor.state = Self.address(key, after: cursor.state)
            return slots.slot(at: cursor.state % slots.total)
        case .remainder(let slots):
            guard slots.total > 0 else { return nil }
            let hash = Self.crc(key, attempt: cursor.attempt)
            cursor.state += UInt64(hash >> 16 & 0x7FFF)
            return slots.slot(at: cursor.state % slots.total)
        case .ring(let ring):
            return ring.slot(at: Int(cursor.state) + cursor.attempt)
        case .maglev(let table):
            defer { cursor.state = KeyHash.mixed(cursor.state &+ 0x9E37_79B9_7F4A_7C15) }
            return table.slot(at: cursor.state)
        }
    }

    /// Three octets of an IPv4 address, all of an IPv6 address. Anything else counts as 0.0.0, as in nginx.
    private static func address(_ bytes: Span<UInt8>, after hash: UInt64) -> UInt64 {
        var hash = hash
        let isAddress = bytes.count == 4 || bytes.count == 16
        for index in 0..<(bytes.count == 16 ? 16 : 3) {
            hash = (hash * 113 + UInt64(isAddress ? bytes[index] : 0)) % 6271
        }
        return hash
    }

    /// - Parameter attempt: written before the key, but for the first.
    private static func crc(_ key: Span<UInt8>, attempt: Int = 0) -> UInt32 {
        var crc = CRC32()
        if attempt > 0 { crc.update(decimal: attempt) }
        crc.update(key)
        return crc.value
    }
}
