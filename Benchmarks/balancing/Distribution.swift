import Balancing

/// How evenly requests with different keys are spread: the share of the member that has the most for its weight, and of
/// the one that has the fewest, compared with the share that their weights say.
enum Distribution {
    static let requests = 200_000

    private static let pools: [(title: String, weights: [UInt16])] = [
        ("5 alike", Array(repeating: 1, count: 5)),
        ("50 alike", Array(repeating: 1, count: 50)),
        ("weights 1 to 5", [1, 2, 3, 4, 5]),
    ]

    static func table() -> String {
        var lines = [header(["method"] + pools.map(\.title))]
        for method in Method.all + [Method.addresses] where method.factor == nil {
            lines.append(row(["`\(method.title)`"] + pools.map { cell(method, $0.weights) }))
        }
        return lines.joined(separator: "\n")
    }

    private static func cell(_ method: Method, _ weights: [UInt16]) -> String {
        var balancer = method.balancer(members(weights), seed: 1)
        var counts = [Int](repeating: 0, count: weights.count)
        for number in 0..<requests {
            if let index = balancer.pick(key: method.key(number)) { counts[index] += 1 }
        }
        let total = weights.reduce(0) { $0 + Int($1) }
        let parts = zip(counts, weights).map { count, weight in
            Double(count * total) / Double(requests * Int(weight))
        }
        return "\(percent(parts.min() ?? 0)) to \(percent(parts.max() ?? 0))"
    }
}
