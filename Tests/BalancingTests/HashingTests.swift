import TestSupport
import Testing

@testable import Balancing

@Suite struct HashingTests {
    private func crc(_ text: String) -> UInt32 {
        var crc = CRC32()
        crc.update(Array(text.utf8).span)
        return crc.value
    }

    @Test func `The CRC is the one of IEEE 802.3`() {
        #expect(crc("123456789") == 0xCBF4_3926)
        #expect(crc("") == 0)
        var parts = CRC32()
        parts.update(decimal: 12)
        parts.update(decimal: 3)
        #expect(parts.value == crc("123"))
    }

    @Test(arguments: [
        ("10.0.0.1:80", "10.0.0.1\u{0}80"), ("[::1]:8080", "[::1]\u{0}8080"), ("name", "name\u{0}"),
        ("::1:", "::1\u{0}"), ("unix:/run/a:80", "/run/a:80\u{0}"), ("UNIX:/a", "/a\u{0}"), ("", "\u{0}"),
        (":80", "\u{0}80"), ("80", "80\u{0}"), ("a:80x", "a:80x\u{0}"),
    ])
    func `The text of a server is split into host and port`(text: String, hashed: String) {
        #expect(ServerText(text).hash.value == crc(hashed))
    }

    @Test func `Sorting looks at the upper half alone and keeps the order of what is equal`() {
        var numbers = SeededRandom(seed: 3)
        let values = (0..<5000).map { UInt64.random(in: 0..<900, using: &numbers) << 41 | UInt64($0) }
        var sorted = values
        RadixSort.sortByUpperHalf(&sorted)
        #expect(sorted == values.sorted())
        var none: [UInt64] = []
        RadixSort.sortByUpperHalf(&none)
        #expect(none.isEmpty)
    }

    @Test func `A number lies in the slot that ends after it`() {
        let slots = WeightedSlots([0, 2, 0, 1, 3, 0])
        #expect((0..<7).map { slots.slot(at: $0) } == [1, 1, 3, 4, 4, 4, nil])
        #expect(WeightedSlots([]).slot(at: 0) == nil)
        #expect(WeightedSlots([0, 0]).slot(at: 0) == nil)
    }

    @Test func `Every server has its share of a table exactly`() {
        for weights in [[1, 1, 1], [1, 2, 3, 0], [.max, 1], [7]] as [[UInt16]] {
            let table = MaglevTable(slots(weights))
            var counts = [Int](repeating: 0, count: weights.count)
            for entry in 0..<MaglevTable.size {
                if let slot = table.slot(at: UInt64(entry)) { counts[slot] += 1 }
            }
            let total = weights.reduce(0) { $0 + Int($1) }
            for (count, weight) in zip(counts, weights) {
                let share = Double(MaglevTable.size * Int(weight)) / Double(total)
                #expect(abs(Double(count) - share) <= 1, "\(weights): \(counts)")
                #expect((count > 0) == (weight > 0))
            }
        }
        #expect(MaglevTable(slots([0, 0])).slot(at: 5) == nil)
    }

    @Test func `A table does not depend on the order of its servers`() {
        let listed = slots([1, 2, 3, 4, 5])
        let table = MaglevTable(listed)
        let reversed = MaglevTable(listed.reversed())
        #expect(
            (0..<MaglevTable.size).allSatisfy {
                table.slot(at: UInt64($0)) == reversed.slot(at: UInt64($0)).map { 4 - $0 }
            }
        )
    }

    @Test func `A ring has a bound, and its servers keep their shares`() {
        let ring = HashRing(slots([.max, .max, .max, 1]))
        var numbers = SeededRandom(seed: 8)
        var counts = [0, 0, 0, 0]
        for _ in 0..<30_000 {
            let position = ring.position(of: UInt32.random(in: 0 ... .max, using: &numbers))
            if let slot = ring.slot(at: position) { counts[slot] += 1 }
        }
        #expect(counts[..<3].allSatisfy { abs($0 - 10_000) < 700 }, "\(counts)")
        #expect(counts[3] < 10)
        #expect(HashRing(slots([0])).slot(at: 3) == nil)
    }

    private func slots(_ weights: [UInt16]) -> [KeySlot] {
        members(weights).map { KeySlot(id: $0.id, weight: $0.settings.weight) }
    }
}
