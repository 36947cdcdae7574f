package import Routing

/// A host whose decision depends on nothing else, as one event loop remembers it.
package final class DecisionCacheEntry {
    /// The host as received, before it was normalised.
    package let raw: [UInt8]
    package let cached: CachedDecision
    /// Recent uses, up to `DecisionCache.maxHits`. A newcomer begins with one, or two that come in
    /// turns would push each other out for ever, past others that are out of use.
    fileprivate var hits: UInt8 = 1

    package init(raw: [UInt8], cached: CachedDecision) {
        self.raw = raw
        self.cached = cached
    }

    /// For tools that measure: servers keep a cached decision.
    package convenience init(raw: [UInt8], decision: Decision) {
        self.init(raw: raw, cached: CachedDecision(decision))
    }

    package var decision: Decision { cached.decision }
}

/// A bounded cache of decisions, one on each event loop. That no rule matches is remembered too.
/// A new route table starts with an empty cache.
///
/// A flood of hosts that come once or twice does not push out the ones in use:
/// - A host has four slots. It takes a free one at once; to take another host's it has to come
///   twice, and it gets the slot of one without recent uses, or none.
/// - A newcomer that finds all four in use ages the one with the fewest uses, and now and
///   then all of them: so hosts that went out of use make room.
package struct DecisionCache {
    private var entries: [DecisionCacheEntry?]
    /// A part of each entry's hash; 0: the slot is free. Four lie on one cache line.
    private var tags: [UInt32]
    /// Newcomers that found no free slot, by a part of their hash; a later one replaces an earlier one.
    private var newcomers: [UInt16]
    private var passedOver: UInt64 = 0
    private let mask: Int
    private let seed: UInt64

    /// Hosts that an event loop remembers.
    package static var usualSize: Int { DataPathConstants.rememberedHosts }

    /// The fewest hosts that a cache can have.
    static var minSize: Int { ways }

    /// Slots for one host.
    private static let ways = 4
    /// How many times a host in use can be passed over by newcomers before it counts as unused.
    fileprivate static let maxHits: UInt8 = 15
    /// Of so many newcomers that find no slot, one (by chance) ages all four hosts.
    private static let agesAllAfter: UInt64 = 16
    /// Newcomers that are known for each host remembered.
    private static let newcomersForEach = 4

    /// - Parameters:
    ///   - size: how many hosts, a power of two, at least 4.
    ///   - seed: makes the slots unpredictable to whoever chooses the hosts.
    package init(size: Int = DecisionCache.usualSize, seed: UInt64) {
        assert(size.nonzeroBitCount == 1 && size >= Self.ways)
        self.entries = Array(repeating: nil, count: size)
        self.tags = Array(repeating: 0, count: size)
        self.newcomers = Array(repeating: 0, count: size * Self.newcomersForEach)
        self.mask = size / Self.ways - 1
        self.seed = seed
    }

    package func find(_ raw: Span<UInt8>) -> DecisionCacheEntry? {
        let hash = hash(of: raw)
        let tag = Self.tag(of: hash)
        let first = first(of: hash)
        for slot in first..<(first &+ Self.ways) where tags[slot] == tag {
            guard let entry = entries[slot], Self.equal(entry.raw, raw) else { continue }
            if entry.hits < Self.maxHits { entry.hits &+= 1 }
            return entry
        }
        return nil
    }

    /// Remembers a host that `find` did not find, if there is a slot for it.
    ///
    /// - Returns: whether there was.
    @discardableResult
    package mutating func insert(_ entry: DecisionCacheEntry) -> Bool {
        let raw = entry.raw
        let hash = hash(of: raw.span)
        let first = first(of: hash)
        guard let slot = slot(for: hash, in: first..<(first &+ Self.ways)) else { return false }
        entries[slot] = entry
        tags[slot] = Self.tag(of: hash)
        return true
    }

    private mutating func slot(for hash: UInt64, in slots: Range<Int>) -> Int? {
        for slot in slots where tags[slot] == 0 { return slot }
        guard hasComeBefore(hash) else { return nil }
        for slot in slots where entries[slot]?.hits ?? 0 == 0 { return slot }
        age(slots)
        return nil
    }

    /// None of the slots' hosts is unused: each has at least one recent use.
    private mutating func age(_ slots: Range<Int>) {
        passedOver &+= 1
        // By chance: hosts that come in a fixed order must not meet the same turn each time.
        let chance = Self.mix(seed ^ passedOver)
        if chance % Self.agesAllAfter == 0 {
            for slot in slots { entries[slot]?.hits &-= 1 }
            return
        }
        let start = Int(truncatingIfNeeded: chance &>> 8)
        var rarest = slots.lowerBound &+ (start & (Self.ways &- 1))
        for offset in 1..<Self.ways {
            let slot = slots.lowerBound &+ ((start &+ offset) & (Self.ways &- 1))
            if entries[slot]?.hits ?? 0 < entries[rarest]?.hits ?? 0 { rarest = slot }
        }
        entries[rarest]?.hits &-= 1
    }

    /// Whether a host with this hash was turned away before; now it was.
    private mutating func hasComeBefore(_ hash: UInt64) -> Bool {
        let slot = Int(truncatingIfNeeded: hash &>> 16) & (newcomers.count &- 1)
        let mark = UInt16(truncatingIfNeeded: hash &>> 48) | 1
        if newcomers[slot] == mark || newcomers[slot ^ 1] == mark { return true }
        // Two that come in turns would otherwise keep each other out for good.
        newcomers[slot ^ 1] = newcomers[slot]
        newcomers[slot] = mark
        return false
    }

    package mutating func removeAll() {
        entries = Array(repeating: nil, count: entries.count)
        tags = Array(repeating: 0, count: tags.count)
        newcomers = Array(repeating: 0, count: newcomers.count)
    }

    private static func tag(of hash: UInt64) -> UInt32 {
        UInt32(truncatingIfNeeded: hash &>> 32) | 1
    }

    /// The first of a host's slots.
    private func first(of hash: UInt64) -> Int {
        (Int(truncatingIfNeeded: hash) & mask) &* Self.ways
    }

    /// Multiply-and-rotate over eight bytes at a time.
    private func hash(of raw: Span<UInt8>) -> UInt64 {
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
        return Self.mix(hash ^ tail)
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
