import Balancing
import Testing

@Suite struct RoundRobinTests {
    @Test func `Endpoints take turns in their order`() {
        var turns = RoundRobin()
        let seen = (0..<7).map { _ in turns.pick(among: 3) }
        #expect(seen == [0, 1, 2, 0, 1, 2, 0])
    }

    @Test func `The seed says where the turns begin`() {
        var turns = RoundRobin(seed: 2)
        let seen = (0..<3).map { _ in turns.pick(among: 3) }
        #expect(seen == [2, 0, 1])
    }

    @Test func `There is nothing to choose from nothing`() {
        var turns = RoundRobin()
        let none = turns.pick(among: 0)
        #expect(none == nil)
    }

    @Test func `The count of turns wraps around without a trap`() {
        var turns = RoundRobin(seed: .max)
        let seen = (0..<2).map { _ in turns.pick(among: 2) }
        #expect(seen == [1, 0])
    }

    @Test func `A changing number of endpoints never gives an index out of range`() {
        var turns = RoundRobin(seed: 5)
        for count in [4, 1, 9, 2, 3] {
            let index = turns.pick(among: count)
            #expect(index.map { (0..<count).contains($0) } == true)
        }
    }

    @Test func `The others take the place of an excluded endpoint in turn, and the turns of all go on`() {
        var turns = RoundRobin()
        let seen = (0..<6).map { _ in turns.pick(among: 3) }
        let instead = (0..<4).map { _ in turns.pick(among: 3) { $0 == 1 } }
        #expect(seen == [0, 1, 2, 0, 1, 2])
        #expect(instead == [0, 2, 0, 2])
        #expect(turns.pick(among: 3) == 0)
        #expect(turns.pick(among: 3) { _ in true } == nil)
        #expect(turns.pick(among: 3) { _ in false } == 1)
    }
}
