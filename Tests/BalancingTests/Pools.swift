import Balancing
import TestSupport

/// Members with an address each.
func members(_ weights: [UInt16], from first: Int = 1) -> [PoolMember] {
    weights.enumerated().map { position, weight in
        var member = PoolMember(id: "10.0.\((position + first) / 250).\((position + first) % 250):8080")
        member.settings.weight = weight
        return member
    }
}

/// The methods, each once.
let everyMethod: [BalancingMethod] = [
    .roundRobin, .leastConnections, .ipHash, .hash(consistent: false), .hash(consistent: true), .maglev,
    .leastTime(.header), .leastTime(.lastByte), .random(two: false), .random(two: true),
]

/// Those of which a key has one endpoint.
let methodsWithKeys = everyMethod.filter(\.usesKey)

/// A key that all methods can take: an address of 16 bytes.
func key(_ number: Int) -> [UInt8] {
    var numbers = SeededRandom(seed: UInt64(truncatingIfNeeded: number))
    return (0..<16).map { _ in UInt8.random(in: 0...255, using: &numbers) }
}

extension Balancer {
    /// So many picks with keys from 0 on.
    mutating func picks(_ count: Int) -> [Int?] {
        (0..<count).map { pick(key: key($0)) }
    }
}

/// How often each index was picked.
func counts(_ picks: [Int?], of count: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: count)
    for case let index? in picks { counts[index] += 1 }
    return counts
}
