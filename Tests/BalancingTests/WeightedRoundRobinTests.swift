import Balancing
import Testing

@Suite struct WeightedRoundRobinTests {
    private func turns(_ weights: [UInt16], _ count: Int, seed: UInt = 0) -> [Int?] {
        var turns = WeightedRoundRobin(weights, seed: seed)
        return (0..<count).map { _ in turns.pick() }
    }

    @Test func `Turns are in proportion to the weights, and spread`() {
        #expect(turns([2, 1], 6) == [0, 1, 0, 0, 1, 0])
        let many = turns([5, 3, 0, 2], 1000)
        #expect((0..<4).map { index in many.count { $0 == index } } == [500, 300, 0, 200])
    }

    @Test func `Equal weights are plain turns`() {
        #expect(turns([7, 7, 7], 4) == [0, 1, 2, 0])
    }

    @Test func `Weight 0 has a turn only where nobody has a weight`() {
        #expect(turns([0, 1], 3) == [1, 1, 1])
        #expect(turns([0, 0], 3) == [0, 1, 0])
        #expect(turns([], 1) == [nil])
    }

    @Test func `The seed changes where the turns begin and not the shares`() {
        #expect(turns([3, 1], 4, seed: 0) != turns([3, 1], 4, seed: 1))
        let many = turns([.max, 1, .max], 131_071, seed: .max)
        #expect(many.count { $0 == 1 } <= 2 && !many.contains(nil))
    }

    @Test func `Those that are left share in proportion to their weights`() {
        var turns = WeightedRoundRobin([4, 2, 1])
        let seen = (0..<300).map { _ in turns.pick { $0 == 0 } }
        #expect((0..<3).map { index in seen.count { $0 == index } } == [0, 200, 100])
        #expect(turns.pick { _ in true } == nil)
    }

    @Test(arguments: [[3, 0, 1], [1, 0, 1]] as [[UInt16]])
    func `Weight 0 is picked where all with a weight are excluded`(weights: [UInt16]) {
        var turns = WeightedRoundRobin(weights)
        #expect(turns.pick { $0 != 1 } == 1)
        #expect(turns.pick { $0 == 0 } == 2)
    }

    @Test(arguments: [[2, 1, 5], [1, 1, 1]] as [[UInt16]])
    func `An update that changes nothing does not change the turns`(weights: [UInt16]) {
        var untouched = WeightedRoundRobin(weights, seed: 7)
        var updated = untouched
        for _ in 0..<50 {
            updated.update(weights.enumerated().map { ($1, $0) })
            let expected = untouched.pick()
            #expect(updated.pick() == expected)
        }
    }

    @Test func `Endpoints that stay keep their turns when others come and go`() {
        var turns = WeightedRoundRobin([2, 1])
        #expect(turns.pick() == 0)
        // The second is next; it stands first now.
        turns.update([(1, 1), (2, 0)])
        #expect(turns.pick() == 0)
        // However often a third one comes and goes, the shares of the others stay.
        var counts = [0, 0]
        for round in 0..<600 {
            turns.update(round.isMultiple(of: 2) ? [(1, 0), (2, 1), (3, nil)] : [(1, 0), (2, 1)])
            for _ in 0..<6 {
                if let index = turns.pick(), index < 2 { counts[index] += 1 }
            }
        }
        #expect(abs(2 * counts[0] - counts[1]) <= 60, "\(counts)")
    }

    @Test func `Loops that begin at different positions begin with different endpoints`() {
        var first = [0, 0]
        for seed in UInt(0)..<400 {
            var turns = WeightedRoundRobin([3, 1], seed: seed)
            if let index = turns.pick() { first[index] += 1 }
        }
        #expect(first == [300, 100])
    }
}
