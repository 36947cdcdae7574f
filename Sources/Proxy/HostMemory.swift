import Routing

/// What one event loop remembers of a host whose decision depends on nothing else.
final class RememberedHost {
    /// The host as it stood in the request, before it was normalised.
    let raw: [UInt8]
    let ruling: Ruling

    init(raw: [UInt8], ruling: Ruling) {
        self.raw = raw
        self.ruling = ruling
    }
}

/// A bounded memory of decisions, one on each event loop.
///
/// Two places for each host: a newcomer takes the first and moves its holder to
/// the second, so that a host in use survives a collision. A new route table or
/// new names start with an empty memory.
struct HostMemory {
    private var places: [RememberedHost?]
    private let mask: Int
    private let seed: UInt64

    /// - Parameters:
    ///   - size: how many hosts, a power of two.
    ///   - seed: makes the places unpredictable to whoever chooses the hosts.
    init(size: Int, seed: UInt64) {
        assert(size.nonzeroBitCount == 1)
        self.places = Array(repeating: nil, count: size)
        self.mask = size - 1
        self.seed = seed
    }

    func find(_ raw: Span<UInt8>) -> RememberedHost? {
        let place = place(of: raw)
        if let first = places[place], Self.equal(first.raw, raw) { return first }
        if let second = places[place ^ 1], Self.equal(second.raw, raw) { return second }
        return nil
    }

    mutating func insert(_ entry: RememberedHost) {
        let raw = entry.raw
        let place = place(of: raw.span)
        if let holder = places[place] {
            let held = holder.raw
            if self.place(of: held.span) == place { places[place ^ 1] = holder }
        }
        places[place] = entry
    }

    mutating func removeAll() {
        places = Array(repeating: nil, count: places.count)
    }

    /// Multiply-and-rotate over eight bytes at a time.
    private func place(of raw: Span<UInt8>) -> Int {
        var hash = seed ^ UInt64(raw.count)
        var index = 0
        while index &+ 8 <= raw.count {
            var word: UInt64 = 0
            for offset in 0..<8 {
                word |= UInt64(raw[index &+ offset]) &<< UInt64(offset &* 8)
            }
            hash = Self.mix(hash ^ word)
            index &+= 8
        }
        var tail: UInt64 = 0
        while index < raw.count {
            tail = tail &<< 8 | UInt64(raw[index])
            index &+= 1
        }
        return Int(truncatingIfNeeded: Self.mix(hash ^ tail) &>> 32) & mask
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
        return product.high ^ product.low
    }

    private static func equal(_ left: [UInt8], _ right: Span<UInt8>) -> Bool {
        guard left.count == right.count else { return false }
        let left = left.span
        for index in left.indices where left[index] != right[index] { return false }
        return true
    }
}
