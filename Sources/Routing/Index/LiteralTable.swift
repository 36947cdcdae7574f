/// Hash → what is filed under it. Frozen.
///
/// A bit for each key comes first: it rules most look-ups out, with a few bytes
/// for each key that stay in the processor's nearer caches.
struct LiteralTable: Sendable {
    /// What is filed under a key.
    enum Entry: Sendable {
        case rule(UInt32)
        /// A range of the index's lists.
        case list(start: UInt32, count: UInt32)
        /// An index of its own, for a key that many rules share.
        case index(UInt32)
    }

    private struct Slot: Sendable {
        var hash: UInt64 = 0
        var value: UInt32 = 0
        /// 0: the slot is empty.
        var count: UInt32 = 0

        static let isIndex = UInt32.max
    }

    private var filter: [UInt64]
    private var slots: [Slot]
    private let filterMask: UInt64
    private let slotMask: Int

    init(_ entries: [UInt64: Entry]) {
        let slotCount = Self.power(of: entries.count * 2)
        let bitCount = Self.power(of: max(64, entries.count * 8))
        filter = Array(repeating: 0, count: bitCount / 64)
        slots = Array(repeating: Slot(), count: slotCount)
        filterMask = UInt64(bitCount - 1)
        slotMask = slotCount - 1
        for (hash, entry) in entries {
            let bit = hash >> 20 & filterMask
            filter[Int(bit >> 6)] |= 1 << (bit & 63)
            var position = Int(truncatingIfNeeded: hash) & slotMask
            while slots[position].count != 0 { position = (position + 1) & slotMask }
            slots[position] =
                switch entry {
                case .rule(let rule): Slot(hash: hash, value: rule, count: 1)
                case .list(let start, let count): Slot(hash: hash, value: start, count: count)
                case .index(let index): Slot(hash: hash, value: index, count: Slot.isIndex)
                }
        }
    }

    private static func power(of count: Int) -> Int {
        var power = 1
        while power < count { power *= 2 }
        return power
    }

    @inline(__always) func mayHave(_ hash: UInt64) -> Bool {
        let bit = hash &>> 20 & filterMask
        return filter[Int(truncatingIfNeeded: bit &>> 6)] &>> (bit & 63) & 1 != 0
    }

    subscript(hash: UInt64) -> Entry? {
        var position = Int(truncatingIfNeeded: hash) & slotMask
        while true {
            let slot = slots[position]
            if slot.count == 0 { return nil }
            if slot.hash == hash {
                if slot.count == Slot.isIndex { return .index(slot.value) }
                return slot.count == 1
                    ? .rule(slot.value) : .list(start: slot.value, count: slot.count)
            }
            position = (position &+ 1) & slotMask
        }
    }
}
