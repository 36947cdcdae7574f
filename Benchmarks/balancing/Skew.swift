import Balancing

/// How far the shares are from the weights because each event loop has turns of its own: requests come to the loops at
/// random, and nothing is in flight.
enum Skew {
    private static let requests = [100, 1_000, 10_000]
    private static let loops = [1, 4, 16]
    private static let runs = 50
    private static let pools: [(title: String, weights: [UInt16])] = [
        ("8 alike", Array(repeating: 1, count: 8)), ("1 to 5", [1, 2, 3, 4, 5]),
    ]

    static func table() -> String {
        var lines = [header(["weights", "loops"] + requests.map { "after \($0) requests" })]
        for (title, weights) in pools {
            for loops in loops {
                lines.append(row([title, "\(loops)"] + requests.map { cell(weights, loops, $0) }))
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The largest difference, on average over the runs, in parts of the share.
    private static func cell(_ weights: [UInt16], _ loops: Int, _ requests: Int) -> String {
        var numbers = Numbers(state: 5)
        let total = weights.reduce(0) { $0 + Int($1) }
        var sum = 0.0
        for run in 0..<runs {
            var balancers = (0..<loops).map { loop in
                Balancer(.roundRobin, members: members(weights), seed: UInt64(run * loops + loop))
            }
            var counts = [Int](repeating: 0, count: weights.count)
            for _ in 0..<requests {
                let loop = Int.random(in: 0..<loops, using: &numbers)
                if let index = balancers[loop].pick() { counts[index] += 1 }
            }
            let parts = zip(counts, weights).map { count, weight in
                abs(Double(count * total) / Double(requests * Int(weight)) - 1)
            }
            sum += parts.max() ?? 0
        }
        return "± " + percent(sum / Double(runs))
    }
}
