import Balancing
import Testing

@Suite("Weighted round robin")
struct WeightedRoundRobinTests {
    private func turns(_ weights: [UInt16], _ count: Int, seed: UInt = 0) -> [Int?] {
        var turns = WeightedRoundRobin(weights, seed: seed)
        return (0..<count).map { _ in turns.next() }
    }

    @Test("Turns are in proportion to the weights, and spread")
    func proportion() {
        #expect(turns([2, 1], 6) == [0, 1, 0, 0, 1, 0])
        let many = turns([5, 3, 0, 2], 1000)
        #expect((0..<4).map { index in many.count { $0 == index } } == [500, 300, 0, 200])
    }

    @Test("Equal weights are plain turns")
    func equal() {
        #expect(turns([7, 7, 7], 4) == [0, 1, 2, 0])
    }

    @Test("Weight 0 has a turn only where nobody has a weight")
    func lastResort() {
        #expect(turns([0, 1], 3) == [1, 1, 1])
        #expect(turns([0, 0], 3) == [0, 1, 0])
        #expect(turns([], 1) == [nil])
    }

    @Test("The seed changes where the turns begin and not the shares")
    func seed() {
        #expect(turns([3, 1], 4, seed: 0) != turns([3, 1], 4, seed: 1))
        let many = turns([.max, 1, .max], 131_071, seed: .max)
        #expect(many.count { $0 == 1 } <= 2 && !many.contains(nil))
    }
}
