import Metrics
import TestSupport
import Testing

extension LedgerCounts {
    fileprivate mutating func add(_ name: Span<UInt8>, _ figures: Figures) {
        add(figures, at: place(of: name))
    }
}

@Suite struct LedgerCountsTests {
    private func all(_ counts: LedgerCounts) -> [String: LedgerCounts.Figures] {
        var found: [String: LedgerCounts.Figures] = [:]
        counts.forEach { found[String(decoding: $0, as: UTF8.self)] = $1 }
        return found
    }

    @Test(arguments: TestSeed.arguments(for: "a ledger", and: 1))
    func `Counts are exact, and nothing is lost over the bound`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var counts = LedgerCounts(limit: 500, seed: seed)
        var exact: [String: LedgerCounts.Figures] = [:]
        var total = LedgerCounts.Figures()
        for _ in 0..<10_000 {
            let name = "tenant\(Int.random(in: 0..<800, using: &random))"
            let figures = LedgerCounts.Figures(
                requests: 1,
                bytesIn: UInt64.random(in: 0...100, using: &random),
                bytesOut: UInt64.random(in: 0...100, using: &random)
            )
            counts.add(Array(name.utf8).span, figures)
            exact[name, default: .init()].add(figures)
            total.add(figures)
        }
        let found = all(counts)
        #expect(found.count == 500)
        for (name, figures) in found { #expect(figures == exact[name]) }
        var sum = counts.overflow
        for figures in found.values { sum.add(figures) }
        #expect(sum == total)
    }

    @Test func `Counting begins anew with each interval`() {
        var counts = LedgerCounts(limit: 10, seed: 1)
        let one = LedgerCounts.Figures(requests: 1, bytesIn: 2, bytesOut: 3)
        let name = Array("a".utf8)
        counts.add(name.span, one)
        counts.add(one, at: .unnamed)
        let taken = counts.take()
        #expect(all(taken) == ["a": one] && taken.unnamed == one)
        #expect(counts.isEmpty && all(counts).isEmpty)
        counts.add(name.span, one)
        #expect(all(counts) == ["a": one])
    }

    @Test func `A name that is too long is counted, but not by itself`() {
        var counts = LedgerCounts(limit: 10, seed: 1)
        let one = LedgerCounts.Figures(requests: 1)
        counts.add([UInt8](repeating: 97, count: 256).span, one)
        counts.add([UInt8](repeating: 97, count: 255).span, one)
        #expect(counts.overflow == one && all(counts).count == 1)
    }
}
