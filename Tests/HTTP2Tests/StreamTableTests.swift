import TestSupport
import Testing

@testable import HTTP2

/// Streams by their number.
@Suite struct StreamTableTests {
    @Test func `A stream is found until it is removed`() {
        var table = StreamTable()
        #expect(table[1] == nil && table.remove(1) == nil && table.count == 0)
        let stream = HTTP2Stream(id: 1)
        table.insert(stream)
        #expect(table[1] === stream && table[3] == nil && table.all.count == 1)
        #expect(table.remove(1) === stream && table[1] == nil && table.count == 0)
    }

    @Test(arguments: TestSeed.arguments(for: "StreamTableTests"))
    func `It does what a dictionary does`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for most in [3, 100, 3_000] {
            var table = StreamTable()
            var known: [Int32: HTTP2Stream] = [:]
            var newest: Int32 = 1
            for _ in 0..<(20 * most) {
                if known.count < Int.random(in: 0...most, using: &random) {
                    newest += 2 * Int32.random(in: 1...3, using: &random)
                    let stream = HTTP2Stream(id: newest)
                    known[newest] = stream
                    table.insert(stream)
                } else {
                    let id =
                        Bool.random(using: &random) ? known.keys.randomElement(using: &random) ?? 1 : newest
                    #expect(table.remove(id) === known.removeValue(forKey: id), "seed \(seed)")
                }
                #expect(table.count == known.count)
            }
            #expect(known.allSatisfy { table[$0] === $1 }, "seed \(seed)")
            #expect(Set(table.all.map(\.id)) == Set(known.keys), "seed \(seed)")
        }
    }

    @Test func `Numbers far apart are as good as those in a row`() {
        for step in [2, 1 << 10, 1 << 20] as [Int32] {
            var table = StreamTable()
            for number in 0..<1_000 { table.insert(HTTP2Stream(id: 1 &+ step &* Int32(number))) }
            let ids = Set((0..<1_000).map { 1 &+ step &* Int32($0) })
            #expect(table.count == ids.count)
            #expect(ids.allSatisfy { table[$0]?.id == $0 })
        }
    }
}
