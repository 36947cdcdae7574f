import Balancing

/// What a pick and an update cost, by the number of members.
enum Cost {
    private static let sizes = [2, 10, 50, 500]
    private static let picks = 200_000

    static func table() -> String {
        var lines = [header(["method"] + sizes.map { "\($0)" } + sizes.map { "made for \($0)" })]
        for method in Method.all + [Method.addresses] {
            let pools = sizes.map { members(Array(repeating: 1, count: $0)) }
            let cells = pools.map { "\(pick(method, $0)) ns" } + pools.map { "\(make(method, $0)) µs" }
            lines.append(row(["`\(method.title)`"] + cells))
        }
        return lines.joined(separator: "\n")
    }

    /// Nanoseconds, with a state of each member that the method looks at.
    private static func pick(_ method: Method, _ list: [PoolMember]) -> Int64 {
        var balancer = method.balancer(list)
        let keys = (0..<1024).map(method.key)
        let loads = list.indices.map {
            EndpointLoad(requests: $0 % 7, nanoseconds: UInt64($0 % 5 + 1) * 1_000_000)
        }
        let needsState: Bool =
            switch method.method {
            case .leastConnections, .leastTime, .random(two: true): true
            default: method.factor != nil
            }
        var sum = 0
        let time = ContinuousClock().measure {
            for number in 0..<picks {
                let key = keys[number & 1023]
                sum &+= (needsState ? balancer.pick(key: key) { loads[$0] } : balancer.pick(key: key)) ?? 0
            }
        }
        sink &+= sum
        return nanoseconds(time) / Int64(picks)
    }

    /// Microseconds.
    private static func make(_ method: Method, _ list: [PoolMember]) -> Int64 {
        let time = ContinuousClock().measure {
            for _ in 0..<5 {
                var balancer = method.balancer(list)
                sink &+= balancer.pick(key: method.key(1)) ?? 0
            }
        }
        return nanoseconds(time) / 5000
    }

    private static func nanoseconds(_ time: Duration) -> Int64 {
        time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000
    }

    /// What keeps the picks from being optimised away.
    nonisolated(unsafe) private static var sink = 0
}
