import Balancing
import Testing

@Suite struct LeastLoadedTests {
    @Test func `The fewest requests for the weight, not the fewest`() {
        var balancer = Balancer(.leastConnections, members: members([1, 4]))
        let pick = { (balancer: inout Balancer, requests: [Int]) in
            balancer.pick { EndpointLoad(requests: requests[$0]) }
        }
        #expect(pick(&balancer, [1, 3]) == 1)
        #expect(pick(&balancer, [1, 5]) == 0)
        #expect(pick(&balancer, [0, 3]) == 0)
    }

    @Test func `Those with the same load take turns among themselves`() {
        var balancer = Balancer(.leastConnections, members: members([1, 1, 1, 2]))
        // The first has more; the fourth has as much for its weight as the others.
        let picks = (0..<8).map { _ in
            balancer.pick { EndpointLoad(requests: [2, 1, 1, 2][$0]) }
        }
        #expect(picks == [3, 1, 2, 3, 3, 1, 2, 3])
    }

    @Test func `A short response time wins, and more requests outweigh it`() {
        var balancer = Balancer(.leastTime(.header), members: members([1, 1]))
        let pick = { (balancer: inout Balancer, requests: [Int]) in
            balancer.pick { EndpointLoad(requests: requests[$0], nanoseconds: [10_000_000, 35_000_000][$0]) }
        }
        #expect(pick(&balancer, [0, 0]) == 0)
        #expect(pick(&balancer, [2, 0]) == 0)
        #expect(pick(&balancer, [3, 0]) == 1)
    }

    @Test func `An endpoint without a measure gets one request, and more when it has responded`() {
        var balancer = Balancer(.leastTime(.lastByte), members: members([1, 1]))
        let pick = { (balancer: inout Balancer, requests: Int, time: UInt64) in
            balancer.pick { index in
                index == 0
                    ? EndpointLoad(requests: 10, nanoseconds: 1_000_000_000)
                    : EndpointLoad(requests: requests, nanoseconds: time)
            }
        }
        #expect(pick(&balancer, 0, 0) == 1)
        #expect(pick(&balancer, 1, 0) == 0)
        #expect(pick(&balancer, 1, 2_000_000_000) == 1)
    }

    @Test func `Endpoints that all have no measure yet are picked by their requests`() {
        var balancer = Balancer(.leastTime(.header), members: members([1, 1, 1]))
        #expect(balancer.pick { EndpointLoad(requests: [3, 1, 2][$0]) } == 1)
    }
}
