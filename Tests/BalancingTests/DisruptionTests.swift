import Balancing
import TestSupport
import Testing

@Suite struct DisruptionTests {
    private static let keys = 2000

    /// The address that each key has.
    private func addresses(_ method: BalancingMethod, _ members: [PoolMember]) -> [String] {
        var balancer = Balancer(method, members: members)
        return balancer.picks(Self.keys).map { $0.map { members[$0].id } ?? "none" }
    }

    private func weights(_ numbers: inout SeededRandom) -> [UInt16] {
        (0..<12).map { _ in UInt16.random(in: 1...4, using: &numbers) }
    }

    /// Keys that moved although neither their old nor their new address is `address`.
    private func moved(_ before: [String], _ after: [String], besides address: String) -> Int {
        zip(before, after).count { $0 != $1 && $0 != address && $1 != address }
    }

    @Test(arguments: [.hash(consistent: true), .maglev] as [BalancingMethod])
    func `A member that comes or goes moves its own keys, and few others`(method: BalancingMethod) {
        for seed in TestSeed.arguments(for: "a member goes, \(method)", and: 4) {
            var numbers = SeededRandom(seed: seed)
            let all = members(weights(&numbers))
            var fewer = all
            let gone = fewer.remove(at: Int.random(in: all.indices, using: &numbers)).id
            let (with, without) = (addresses(method, all), addresses(method, fewer))
            let others = moved(with, without, besides: gone)
            // Not a single other one moves on a ring.
            #expect(others <= (method == .maglev ? Self.keys / 20 : 0), "\(method): \(others) others moved")
            #expect(!without.contains(gone))
        }
    }

    @Test(arguments: methodsWithKeys)
    func `A member that is down moves its own keys and no others, and has them again afterwards`(
        method: BalancingMethod
    ) {
        for seed in TestSeed.arguments(for: "a member is down, \(method)", and: 4) {
            var numbers = SeededRandom(seed: seed)
            let all = members(weights(&numbers))
            let index = Int.random(in: all.indices, using: &numbers)
            let before = addresses(method, all)
            for state in [.down, .drain] as [EndpointSettings.AdministrativeState] {
                var changed = all
                changed[index].settings.administrativeState = state
                let after = addresses(method, changed)
                #expect(moved(before, after, besides: all[index].id) == 0)
                #expect(!after.contains(all[index].id))
            }
            // The same for one that is excluded for a while, without any update.
            var balancer = Balancer(method, members: all)
            let excluded = (0..<Self.keys).map { number in
                balancer.pick(key: key(number)) { EndpointLoad(isExcluded: $0 == index) }
                    .map { all[$0].id } ?? "none"
            }
            #expect(moved(before, excluded, besides: all[index].id) == 0)
            #expect(balancer.picks(Self.keys).map { $0.map { all[$0].id } } == before)
        }
    }

    @Test(arguments: [.hash(consistent: true), .maglev] as [BalancingMethod])
    func `A weight that grows takes keys, and gives none away`(method: BalancingMethod) {
        var list = members([2, 2, 2, 2, 2, 2])
        let before = addresses(method, list)
        list[3].settings.weight = 3
        let after = addresses(method, list)
        let lost = zip(before, after).count { $0 == list[3].id && $1 != list[3].id }
        #expect(lost <= (method == .maglev ? Self.keys / 50 : 0))
        #expect(moved(before, after, besides: list[3].id) <= (method == .maglev ? Self.keys / 10 : 0))
    }

    @Test(arguments: [.hash(consistent: true), .maglev] as [BalancingMethod])
    func `The order of the members does not count`(method: BalancingMethod) {
        let list = members([1, 4, 2, 3, 1])
        #expect(addresses(method, list) == addresses(method, list.reversed()))
    }

    @Test(arguments: methodsWithKeys)
    func `A key that has been tried goes to its next member, the same each time`(method: BalancingMethod) {
        let list = members([1, 1, 1, 1, 1])
        for number in 0..<50 {
            var tried: [Int] = []
            for _ in list.indices {
                var balancer = Balancer(method, members: list, seed: UInt64(number))
                let next = balancer.pick(key: key(number)) { EndpointLoad(isExcluded: tried.contains($0)) }
                if let next { tried.append(next) }
            }
            #expect(Set(tried).count == list.count, "\(method): \(tried)")
        }
    }
}
