import Metrics
import Proxy
import ProxyCore

/// What all event loops have counted of the rules.
struct RuleTotals {
    struct Total {
        var counts = RequestCounts()
        var failures: [Failure.Reason: UInt64] = [:]
    }

    private(set) var totals: [String: Total] = [:]

    init(_ loops: [LoopFigures]) {
        for figures in loops.lazy.compactMap(\.requests).flatMap(\.rules) {
            var total = totals[figures.name] ?? Total()
            total.counts.add(figures.counts)
            for (reason, count) in figures.failures { total.failures[reason, default: 0] &+= count }
            totals[figures.name] = total
        }
    }

    var counts: [String: RequestCounts] { totals.mapValues(\.counts) }

    /// Takes rules out that are not in force any longer.
    ///
    /// - Returns: their names.
    mutating func remove(besides rules: Set<String>) -> [String] {
        let gone = totals.keys.filter { $0 != RuleFigures.noRule && !rules.contains($0) }
        for name in gone { totals[name] = nil }
        return gone
    }
}
