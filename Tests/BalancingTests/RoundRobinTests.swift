import Balancing
import Testing

@Suite("Round robin")
struct RoundRobinTests {
    @Test("Endpoints take turns in their order")
    func turns() {
        var turns = RoundRobin()
        let seen = (0..<7).map { _ in turns.next(of: 3) }
        #expect(seen == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test("The seed says where the turns begin")
    func seed() {
        var turns = RoundRobin(seed: 2)
        let seen = (0..<3).map { _ in turns.next(of: 3) }
        #expect(seen == [2, 0, 1])
    }

    @Test("There is nothing to choose from nothing")
    func empty() {
        var turns = RoundRobin()
        let none = turns.next(of: 0)
        #expect(none == nil)
    }

    @Test("The count of turns wraps around without a trap")
    func overflow() {
        var turns = RoundRobin(seed: .max)
        let seen = (0..<2).map { _ in turns.next(of: 2) }
        #expect(seen == [1, 0])
    }

    @Test("A changing number of endpoints never gives an index out of range")
    func changing() {
        var turns = RoundRobin(seed: 5)
        for count in [4, 1, 9, 2, 3] {
            let index = turns.next(of: count)
            #expect(index.map { (0..<count).contains($0) } == true)
        }
    }
}
