import Balancing

/// A row of the tables: a method as it is written in a rule file.
struct Method {
    let title: String
    let method: BalancingMethod
    var factor: Int?

    static let all = [
        Method(title: "round_robin", method: .roundRobin),
        Method(title: "random", method: .random(two: false)),
        Method(title: "random two", method: .random(two: true)),
        Method(title: "least_conn", method: .leastConnections),
        Method(title: "least_time", method: .leastTime(.lastByte)),
        Method(title: "hash", method: .hash(consistent: false)),
        Method(title: "hash consistent", method: .hash(consistent: true)),
        Method(title: "hash consistent, bound 125 %", method: .hash(consistent: true), factor: 125),
        Method(title: "maglev", method: .maglev),
        Method(title: "maglev, bound 125 %", method: .maglev, factor: 125),
    ]

    static let addresses = Method(title: "ip_hash", method: .ipHash)

    func balancer(_ members: [PoolMember], seed: UInt64 = 0) -> Balancer {
        Balancer(method, hashBalanceFactor: factor, members: members, seed: seed)
    }

    /// The key of a number: an address of 16 bytes for `ip_hash`, a path otherwise.
    func key(_ number: Int) -> [UInt8] {
        guard method == .ipHash else { return Array("/page/\(number)".utf8) }
        var numbers = Numbers(state: UInt64(number))
        return (0..<16).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
    }
}

func members(_ weights: [UInt16]) -> [PoolMember] {
    weights.enumerated().map { position, weight in
        var member = PoolMember(id: "10.0.0.\(position + 1):8080")
        member.settings.weight = weight
        return member
    }
}

/// A row of a table in Markdown.
func row(_ cells: [String]) -> String {
    "| " + cells.joined(separator: " | ") + " |"
}

func header(_ cells: [String]) -> String {
    row(cells) + "\n|" + String(repeating: "---|", count: cells.count)
}

func percent(_ part: Double) -> String {
    let tenths = Int((part * 1000).rounded())
    return "\(tenths / 10).\(abs(tenths) % 10) %"
}
