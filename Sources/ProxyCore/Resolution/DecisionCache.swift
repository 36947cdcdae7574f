package import Routing

/// What one event loop remembers of a host whose decision depends on nothing else.
package final class DecisionCacheEntry {
    /// The host as it stood in the request, before it was normalised.
    package let raw: [UInt8]
    package let ruling: CachedDecision
    /// Lately asked for how often, up to `DecisionCache.mostHits`. A newcomer begins with one, or
    /// two that come in turns would push each other out for ever, past others that nobody asks for.
    fileprivate var hits: UInt8 = 1

    package init(raw: [UInt8], ruling: CachedDecision) {
        self.raw = raw
        self.ruling = ruling
    }

    /// For tools that measure: servers remember a ruling.
    package convenience init(raw: [UInt8], decision: Decision) {
        self.init(raw: raw, ruling: CachedDecision(decision))
    }

    package var decision: Decision { ruling.decision }
}

/// A bounded memory of decisions, one on each event loop. What no rule wants is remembered
/// too. A new route table or new names start with an empty memory.
///
/// A flood of hosts that come once or twice does not push out the ones in use:
/// - A host has four places. It takes one that is free at once; for another's it has to
///   come twice, and it gets that of one that was not asked for lately, or none.
/// - A newcomer that finds all four in use ages the one that is asked for least, and now and
///   then all of them: so hosts that went out of use make room.
package struct DecisionCache {
    private var entries: [DecisionCacheEntry?]
    /// A part of each entry's hash; 0: the place is free. Four lie on one cache line.
    private var tags: [UInt32]
    /// Newcomers that found no free place, by a part of their hash; a later one takes the place.
    private var newcomers: [UInt16]
    private var passedOver: UInt64 = 0
    private let mask: Int
    private let seed: UInt64

    /// Hosts that an event loop remembers.
    package static var usualSize: Int { DataPathConstants.rememberedHosts }

    /// Places for one host.
    private static let ways = 4
    /// How many times a host in use can be passed over by newcomers before it counts as unused.
    fileprivate static let mostHits: UInt8 = 15
    /// Of so many newcomers that find no place, one (by chance) ages all four hosts.
    private static let agesAllAfter: UInt64 = 16
    /// Newcomers that are known for each host remembered.
    private static let newcomersForEach = 4

    /// - Parameters:
    ///   - size: how many hosts, a power of two, at least 4.
    ///   - seed: makes the places unpredictable to whoever chooses the hosts.
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
        for place in first..<(first &+ Self.ways) where tags[place] == tag {
            guard let entry = entries[place], Self.equal(entry.raw, raw) else { continue }
            if entry.hits < Self.mostHits { entry.hits &+= 1 }
            return entry
        }
        return nil
    }

    /// Remembers a host that `find` did not find, if there is a place for it.
    package mutating func insert(_ entry: DecisionCacheEntry) {
        let raw = entry.raw
        let hash = hash(of: raw.span)
        let first = first(of: hash)
        guard let place = place(for: hash, in: first..<(first &+ Self.ways)) else { return }
        entries[place] = entry
        tags[place] = Self.tag(of: hash)
    }

    private mutating func place(for hash: UInt64, in places: Range<Int>) -> Int? {
        for place in places where tags[place] == 0 { return place }
        guard hasComeBefore(hash) else { return nil }
        for place in places where entries[place]?.hits ?? 0 == 0 { return place }
        age(places)
        return nil
    }

    /// None of the places' hosts is unused: each has been asked for at least once.
    private mutating func age(_ places: Range<Int>) {
        passedOver &+= 1
        // By chance: hosts that come in a fixed order must not meet the same turn each time.
        let chance = Self.mix(seed ^ passedOver)
        if chance % Self.agesAllAfter == 0 {
            for place in places { entries[place]?.hits &-= 1 }
            return
        }
        let start = Int(truncatingIfNeeded: chance &>> 8)
        var least = places.lowerBound &+ (start & (Self.ways &- 1))
        for offset in 1..<Self.ways {
            let place = places.lowerBound &+ ((start &+ offset) & (Self.ways &- 1))
            if entries[place]?.hits ?? 0 < entries[least]?.hits ?? 0 { least = place }
        }
        entries[least]?.hits &-= 1
    }

    /// Whether a host with this hash was turned away before; now it was.
    private mutating func hasComeBefore(_ hash: UInt64) -> Bool {
        let place = Int(truncatingIfNeeded: hash &>> 16) & (newcomers.count &- 1)
        let mark = UInt16(truncatingIfNeeded: hash &>> 48) | 1
        if newcomers[place] == mark || newcomers[place ^ 1] == mark { return true }
        // Two that come in turns would otherwise keep each other out for good.
        newcomers[place ^ 1] = newcomers[place]
        newcomers[place] = mark
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

    /// The first of a host's places.
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
