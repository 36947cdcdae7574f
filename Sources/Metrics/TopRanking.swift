/// The top lists of several event loops as one.
package struct TopRanking: Sendable {
    package struct Host: Sendable, Equatable {
        package let host: String
        package let figures: TopFigures
    }

    private var sums: [[UInt8]: TopFigures] = [:]

    package init() {}

    package mutating func add(_ entries: [TopList.Entry]) {
        for entry in entries { sums[entry.key, default: TopFigures()].add(entry.figures) }
    }

    /// The largest first; of equals, in the order of their names.
    ///
    /// - Parameter limit: the most hosts.
    package func hosts(by order: TopHosts.Order, limit: Int) -> [Host] {
        let ranked = sums.sorted { left, right in
            let (a, b) = (Self.rank(left.value, order), Self.rank(right.value, order))
            return a == b ? left.key.lexicographicallyPrecedes(right.key) : a > b
        }
        return ranked.prefix(max(0, limit)).map {
            Host(host: String(decoding: $0.key, as: UTF8.self), figures: $0.value)
        }
    }

    private static func rank(_ figures: TopFigures, _ order: TopHosts.Order) -> UInt64 {
        switch order {
        case .requests: figures.requests
        case .bytes: figures.bytes
        case .errors: figures.errors
        }
    }
}
