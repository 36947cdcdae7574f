import TestSupport
import Testing

@testable import ProxyCore

@Suite struct FailedPlacesTests {
    @Test func `A full store gives up the oldest of the longest lane`() {
        var places = FailedPlaces(count: 4)
        // One of lane 1, then many of lane 2.
        let first = places.take(key: 1)
        let second = (0..<3).map { _ in places.take(key: 2) }
        #expect(Set([first] + second) == [0, 1, 2, 3])
        for round in 0..<50 { #expect(places.take(key: 2) == second[round % 3]) }
        // Another lane takes from the longest, too.
        #expect(places.take(key: 3) == second[50 % 3])
        #expect(places.take(key: 1) == second[(50 + 1) % 3])
    }

    @Test func `No lane loses its newest requests to a flood of another`() {
        let seed = TestSeed.make(for: "FailedPlaces")
        var random = SeededRandom(seed: seed)
        let count = 64
        var places = FailedPlaces(count: count)
        // What the store holds: of each place the lane and the number of its request.
        var held: [Int: (lane: UInt64, number: Int)] = [:]
        for number in 0..<5000 {
            // Half of all are of one lane.
            let lane = Bool.random(using: &random) ? 0 : UInt64.random(in: 1...12, using: &random)
            var sizes: [UInt64: Int] = [:]
            for one in held.values { sizes[one.lane, default: 0] += 1 }
            let place = places.take(key: lane)
            if held.count == count, let lost = held[place] {
                #expect(sizes[lost.lane] == sizes.values.max())
                let oldest = held.values.filter { $0.lane == lost.lane }.map(\.number).min()
                #expect(lost.number == oldest)
            } else {
                #expect(held.count < count && held[place] == nil)
            }
            held[place] = (lane, number)
        }
        #expect(held.count == count)
    }
}
