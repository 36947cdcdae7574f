import Metrics

/// Bounds the number of series of one kind: those that came first have series of their own, what the others count is
/// summed up. A counter never falls: whoever was counted with the others stays there until it is gone, and what is gone
/// stays in their sum.
struct SeriesBound<Key: Hashable & Sendable, Counts: Summable>: Sendable {
    /// The most series.
    var limit: Int
    private var own: Set<Key> = []
    /// What was last seen of those without a series of their own, and in which call.
    private var last: [Key: (counts: Counts, call: UInt64)] = [:]
    private var others = Counts()
    private var calls: UInt64 = 0

    init(limit: Int) { self.limit = limit }

    /// How many have no series of their own.
    var otherCount: Int { last.count }

    /// - Parameter totals: what each has counted so far.
    /// - Returns: those with a series of their own, in no order; and the sum of all others, nil where there was none ever.
    mutating func place(
        _ totals: [Key: Counts]
    ) -> (own: [(key: Key, counts: Counts)], others: Counts?) {
        calls &+= 1
        // First: there may be room for others.
        own = own.filter { totals[$0] != nil }
        var placed: [(key: Key, counts: Counts)] = []
        placed.reserveCapacity(min(limit, totals.count))
        for (key, counts) in totals {
            if let place = last.index(forKey: key) {
                others.add(counts.since(last.values[place].counts))
                last.values[place] = (counts, calls)
            } else if own.contains(key), placed.count < limit {
                placed.append((key, counts))
            } else if own.count < limit {
                own.insert(key)
                placed.append((key, counts))
            } else {
                own.remove(key)
                others.add(counts)
                last[key] = (counts, calls)
            }
        }
        if last.contains(where: { $0.value.call != calls }) { last = last.filter { $0.value.call == calls } }
        return (placed, last.isEmpty && others.count == 0 ? nil : others)
    }
}
