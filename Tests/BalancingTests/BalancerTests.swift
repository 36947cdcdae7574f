import Balancing
import TestSupport
import Testing

@Suite struct BalancerTests {
    @Test func `Weights 5, 1 and 1 take turns as nginx documents it`() {
        var balancer = Balancer(.roundRobin, members: members([5, 1, 1]))
        #expect(balancer.picks(7) == [0, 0, 1, 0, 2, 0, 0])
    }

    @Test(arguments: everyMethod)
    func `There is nothing to pick from nothing`(method: BalancingMethod) {
        var balancer = Balancer(method)
        #expect(balancer.pick() == nil)
        #expect(balancer.pick(key: [1]) { _ in EndpointLoad() } == nil)
        balancer.update([])
        #expect(balancer.pick(key: key(1)) == nil)
    }

    @Test(arguments: everyMethod)
    func `A single member is always picked, whatever its weight`(method: BalancingMethod) {
        for weight in [0, 1, .max] as [UInt16] {
            var balancer = Balancer(method, members: members([weight]))
            #expect(balancer.picks(5) == [0, 0, 0, 0, 0])
            #expect(balancer.pick { _ in EndpointLoad(isExcluded: true) } == nil)
        }
    }

    @Test(arguments: everyMethod)
    func `Members without any weight are alike`(method: BalancingMethod) {
        var balancer = Balancer(method, members: members([0, 0, 0]))
        #expect(counts(balancer.picks(30), of: 3) == [10, 10, 10])
    }

    @Test(arguments: everyMethod)
    func `Weight 0 is picked only where no other can be, and before a backup`(method: BalancingMethod) {
        var list = members([0, 1, 1, 3])
        list[3].settings.isBackup = true
        var balancer = Balancer(method, members: list)
        #expect(!balancer.picks(50).contains(0))
        let left = (0..<50).map { number in
            balancer.pick(key: key(number)) { EndpointLoad(isExcluded: $0 == 1 || $0 == 2) }
        }
        #expect(left.allSatisfy { $0 == 0 })
        #expect(balancer.pick(key: key(0)) { EndpointLoad(isExcluded: $0 < 3) } == 3)
    }

    @Test(arguments: everyMethod)
    func `Members that are down or drain are never picked, nor are backups as long as there is another`(
        method: BalancingMethod
    ) {
        var list = members([1, 2, 3, 4, 5])
        list[0].settings.administrativeState = .down
        list[1].settings.administrativeState = .drain
        list[2].settings.isBackup = true
        list[3].settings.isBackup = true
        list[3].settings.administrativeState = .down
        var balancer = Balancer(method, members: list)
        #expect(balancer.picks(50).allSatisfy { $0 == 4 })
        let instead = (0..<50).map { number in
            balancer.pick(key: key(number)) { EndpointLoad(isExcluded: $0 == 4) }
        }
        #expect(instead.allSatisfy { $0 == 2 })
    }

    @Test(arguments: everyMethod)
    func `What can be picked is picked, and nothing else`(method: BalancingMethod) {
        for seed in TestSeed.arguments(for: "what can be picked, \(method)", and: 1, 2) {
            var numbers = SeededRandom(seed: seed)
            for _ in 0..<12 { checkPicks(method, &numbers) }
        }
    }

    /// A pool of any kind, and states of any kind.
    private func checkPicks(_ method: BalancingMethod, _ numbers: inout SeededRandom) {
        var list = members(
            (0..<Int.random(in: 0...9, using: &numbers)).map { _ in
                [0, 1, 1, 2, 40].randomElement(using: &numbers) ?? 1
            }
        )
        for index in list.indices {
            list[index].settings.isBackup = Int.random(in: 0..<4, using: &numbers) == 0
            let state = EndpointSettings.AdministrativeState.allCases.randomElement(using: &numbers)
            if Bool.random(using: &numbers) { list[index].settings.administrativeState = state ?? .up }
        }
        let factor = Bool.random(using: &numbers) ? Int.random(in: -5...400, using: &numbers) : nil
        var balancer = Balancer(
            method,
            hashBalanceFactor: factor,
            members: list,
            seed: numbers.next()
        )
        for _ in 0..<10 {
            let states = list.map { _ in
                EndpointLoad(
                    isExcluded: Int.random(in: 0..<3, using: &numbers) == 0,
                    requests: [0, 1, 5, .max, -3].randomElement(using: &numbers) ?? 0,
                    nanoseconds: [0, 1, 1_000_000, .max].randomElement(using: &numbers) ?? 0,
                    weightShare: [1, 0.5, 0.001, 0, -1, .nan, .infinity].randomElement(using: &numbers) ?? 1
                )
            }
            let able = list.indices.filter {
                list[$0].settings.administrativeState == .up && !states[$0].isExcluded
            }
            let primaries = able.filter { !list[$0].settings.isBackup }
            let first = primaries.isEmpty ? able : primaries
            let weighted = first.filter { list[$0].settings.weight > 0 }
            let allowed = weighted.isEmpty ? first : weighted
            let picked = balancer.pick(key: key(Int.random(in: 0..<1000, using: &numbers))) { states[$0] }
            if let picked {
                #expect(allowed.contains(picked), "\(method) \(list) \(states)")
            } else {
                #expect(allowed.isEmpty, "\(method) \(list) \(states)")
            }
        }
    }

    @Test(arguments: everyMethod)
    func `The same seed gives the same picks, and a copy picks what the original does`(
        method: BalancingMethod
    ) {
        var first = Balancer(method, members: members([3, 1, 2]), seed: 99)
        var second = Balancer(method, members: members([3, 1, 2]), seed: 99)
        let seen = first.picks(40)
        #expect(second.picks(40) == seen)
        var copy = first
        #expect(copy.picks(40) == first.picks(40))
    }

    @Test(arguments: everyMethod)
    func `An update that changes nothing does not change the picks`(method: BalancingMethod) {
        let list = members([3, 1, 2, 2])
        var untouched = Balancer(method, members: list, seed: 5)
        var updated = untouched
        for round in 0..<60 {
            updated.update(list.enumerated().map { ($1, $0) })
            #expect(updated.pick(key: key(round)) == untouched.pick(key: key(round)))
        }
    }

    @Test(arguments: [.roundRobin, .leastConnections] as [BalancingMethod])
    func `Members that stay keep their turns, whatever comes and goes`(method: BalancingMethod) {
        // The backup and the one that is down have no part in the turns.
        var list = members([2, 1, 1, 1])
        list[2].settings.isBackup = true
        list[3].settings.administrativeState = .down
        var balancer = Balancer(method, members: list)
        #expect(balancer.pick() == 0)
        // The second is next; it stands last now.
        balancer.update([(list[2], 2), (list[0], 0), (list[3], 3), (list[1], 1)])
        #expect(balancer.pick() == 3)
        #expect(balancer.pick() == 1)
    }
}
