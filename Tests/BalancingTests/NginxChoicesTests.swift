import Balancing
import Testing

@Suite struct NginxChoicesTests {
    @Test func `Every recorded request gets the server that nginx chose`() throws {
        let pools = try RecordedPool.load("nginx-choices")
        #expect(pools.count > 200 && pools.contains { $0.members.count >= 50 })
        for (number, pool) in pools.enumerated() {
            var balancer = Balancer(pool.method, members: pool.members)
            var informed = balancer
            let picked = pool.words.indices.map { pool.address(balancer.pick(key: pool.key($0))) }
            let withState = pool.words.indices.map { request in
                pool.address(informed.pick(key: pool.key(request)) { _ in EndpointLoad() })
            }
            #expect(picked == pool.words.flatMap { pool.addresses($0) }, "\(pool.method), pool \(number)")
            #expect(withState == picked, "pool \(number): what is known of no endpoint changes nothing")
        }
    }

    @Test func `Every recorded request that is refused goes to the servers that nginx tried, in their order`()
        throws
    {
        let pools = try RecordedPool.load("nginx-retries")
        #expect(pools.count > 40)
        for (number, pool) in pools.enumerated() {
            // Turns that an excluded endpoint gives up are not nginx's where all weights are the same.
            if pool.method == .roundRobin, Set(pool.members.map(\.settings.weight)).count == 1 { continue }
            var balancer = Balancer(pool.method, members: pool.members)
            for (request, word) in pool.words.enumerated() {
                var tried: Set<Int> = []
                let picked = pool.addresses(word).map { _ in
                    let index = balancer.pick(key: pool.key(request)) {
                        EndpointLoad(isExcluded: tried.contains($0))
                    }
                    if let index { tried.insert(index) }
                    return pool.address(index)
                }
                #expect(picked == pool.addresses(word), "\(pool.method), pool \(number), request \(request)")
            }
        }
    }

    @Test func `Requests that begin and end go where nginx's least_conn sent them`() throws {
        let pools = try RecordedPool.load("nginx-least-conn")
        #expect(pools.count == 6)
        for pool in pools {
            var balancer = Balancer(pool.method, members: pool.members)
            var requests = [Int](repeating: 0, count: pool.members.count)
            var begun: [Int] = []
            for (step, word) in pool.words.enumerated() {
                guard let number = Int(word.dropFirst()) else { continue }
                if word.hasPrefix("-") {
                    requests[begun[number]] -= 1
                    continue
                }
                let picked = balancer.pick { EndpointLoad(requests: requests[$0]) }
                #expect(picked == number, "\(pool.members.count) members, step \(step)")
                requests[number] += 1
                begun.append(number)
            }
        }
    }
}
