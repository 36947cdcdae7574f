import Balancing
import TestSupport
import Testing

@Suite struct DistributionTests {
    private static let requests = 20_000

    /// How far the share of a member may be from its weight, in parts of it.
    private func tolerance(_ method: BalancingMethod) -> Double {
        switch method {
        case .roundRobin, .leastConnections, .leastTime: 0.001
        case .maglev, .hash(consistent: false), .random(two: false), .random(two: true): 0.1
        case .hash(consistent: true): 0.35
        // Remainders of 6,271 numbers.
        case .ipHash: 0.15
        }
    }

    @Test(arguments: everyMethod)
    func `Members get requests in proportion to their weights`(method: BalancingMethod) {
        for weights in [[1, 1, 1, 1], [1, 2, 3, 4]] as [[UInt16]] {
            var balancer = Balancer(method, members: members(weights), seed: 7)
            let seen = counts(balancer.picks(Self.requests), of: 4)
            let total = weights.reduce(0) { $0 + Int($1) }
            for (count, weight) in zip(seen, weights) {
                let share = Double(Self.requests * Int(weight)) / Double(total)
                #expect(
                    abs(Double(count) - share) < share * tolerance(method),
                    "\(method) \(weights) \(seen)"
                )
            }
        }
    }

    @Test func `Of two draws the one with fewer requests for its weight is picked`() {
        var balancer = Balancer(.random(two: true), members: members([1, 1, 1]), seed: 1)
        let seen = (0..<600).map { _ in balancer.pick { EndpointLoad(requests: [5, 0, 1][$0]) } }
        let counts = counts(seen, of: 3)
        // The first is the worst of any two; the second wins both of its pairs.
        #expect(counts[0] == 0 && abs(counts[1] - 400) < 60, "\(counts)")
    }

    @Test(arguments: [.random(two: false), .random(two: true)] as [BalancingMethod])
    func `Where draws find nobody a turn decides`(method: BalancingMethod) {
        // Nearly every draw is the second.
        var balancer = Balancer(method, members: members([1, .max, 1]))
        let seen = (0..<100).map { _ in balancer.pick { EndpointLoad(isExcluded: $0 == 1) } }
        let counts = counts(seen, of: 3)
        #expect(counts[1] == 0 && counts[0] >= 45 && counts[2] >= 45, "\(counts)")
    }

    @Test(arguments: everyMethod)
    func `A member that starts slowly has a part of its share`(method: BalancingMethod) {
        var balancer = Balancer(method, members: members([1, 1]), seed: 3)
        var requests = [0, 0]
        for number in 0..<10_000 {
            let picked = balancer.pick(key: key(number)) { index in
                EndpointLoad(requests: requests[index], nanoseconds: 1000, weightShare: index == 0 ? 0.25 : 1)
            }
            // By requests in flight where the method looks at them; nobody ends here.
            if let picked { requests[picked] += 1 }
        }
        let part = Double(requests[0]) / 10_000
        // Of keys and draws that are not its own because of its share, nearly all go to the other.
        let expected = method.usesKey || method == .random(two: false) ? 0.05...0.25 : 0.15...0.25
        #expect(expected.contains(part), "\(method) \(part)")
    }

    @Test func `Keys that have come to a slow starter stay with it`() {
        for method in methodsWithKeys {
            var balancer = Balancer(method, members: members([1, 1, 1]))
            var had: Set<Int> = []
            for share in [0.1, 0.3, 0.6, 1] {
                let has = Set(
                    (0..<2000).filter { number in
                        balancer.pick(key: key(number)) { EndpointLoad(weightShare: $0 == 1 ? share : 1) }
                            == 1
                    }
                )
                #expect(has.count > had.count && has.isSuperset(of: had), "\(method)")
                had = has
            }
        }
    }

    @Test(arguments: methodsWithKeys)
    func `No member has more than its bound of the requests`(method: BalancingMethod) {
        for factor in [101, 125, 200] {
            var balancer = Balancer(method, hashBalanceFactor: factor, members: members([1, 1, 2, 4]))
            var requests = [0, 0, 0, 0]
            // Half of all requests have one key.
            for number in 0..<2000 {
                let picked = balancer.pick(key: key(number.isMultiple(of: 2) ? 0 : number)) {
                    EndpointLoad(requests: requests[$0])
                }
                if let picked { requests[picked] += 1 }
                for (has, weight) in zip(requests, [1, 1, 2, 4]) {
                    let bound = (factor * (number + 1) * weight + 799) / 800
                    #expect(has <= bound, "\(method) \(factor): \(requests) at \(number)")
                }
            }
        }
    }

    @Test(arguments: methodsWithKeys)
    func `A bound that nobody reaches moves no key`(method: BalancingMethod) {
        var plain = Balancer(method, members: members([1, 2, 3]))
        var bounded = Balancer(method, hashBalanceFactor: 150, members: members([1, 2, 3]))
        for number in 0..<200 {
            let picked = bounded.pick(key: key(number)) { EndpointLoad(requests: [20, 40, 60][$0]) }
            #expect(picked == plain.pick(key: key(number)))
        }
    }
}
