import Metrics
import TestSupport
import Testing

@testable import Operations

@Suite struct SeriesBoundTests {
    private func counts(_ requests: Int) -> EndpointCounts {
        var counts = EndpointCounts()
        for _ in 0..<requests { counts.record(status: 200, nanoseconds: 1) }
        return counts
    }

    @Test func `As many as may have series have them, and the others are one sum`() {
        var bound = SeriesBound<String, EndpointCounts>(limit: 2)
        let all = ["a": counts(1), "b": counts(2), "c": counts(3), "d": counts(4)]
        let (own, others) = bound.place(all)
        #expect(own.count == 2)
        for (key, counts) in own { #expect(counts == all[key]) }
        #expect((others?.count ?? 0) + own.reduce(0) { $0 + $1.counts.count } == 10)
        #expect(bound.otherCount == 2)
        // Those that have series keep them.
        let (again, _) = bound.place(all)
        #expect(Set(again.map(\.key)) == Set(own.map(\.key)))
    }

    @Test func `What is gone makes room for what comes anew, and not for what was counted with the others`() {
        var bound = SeriesBound<String, EndpointCounts>(limit: 1)
        _ = bound.place(["a": counts(1)])
        _ = bound.place(["a": counts(1), "b": counts(1)])
        let (own, others) = bound.place(["b": counts(2), "c": counts(1)])
        #expect(own.map(\.key) == ["c"])
        #expect(others == counts(2))
    }

    @Test(arguments: TestSeed.arguments(for: "series that come and go", and: 1))
    func `No series falls, whatever comes and goes, and there are never more than the limit`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bound = SeriesBound<Int, EndpointCounts>(limit: 5)
        var present: [Int: EndpointCounts] = [:]
        var shown: [Int: UInt64] = [:]
        var lastOthers: UInt64 = 0
        for _ in 0..<500 {
            for key in present.keys where Int.random(in: 0..<10, using: &random) == 0 {
                present[key] = nil
                shown[key] = nil
            }
            for _ in 0..<4 {
                let key = Int.random(in: 0..<30, using: &random)
                present[key, default: EndpointCounts()].record(status: 200, nanoseconds: 0)
            }
            let (own, others) = bound.place(present)
            #expect(own.count <= 5)
            for (key, counts) in own {
                #expect(counts.count >= shown[key] ?? 0)
                shown[key] = counts.count
            }
            #expect((others?.count ?? 0) >= lastOthers)
            lastOthers = others?.count ?? 0
        }
        #expect(lastOthers > 0)
    }
}
