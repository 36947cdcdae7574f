/// A line of slots, as long each as its weight: a number below the total finds the slot that it lies in.
struct WeightedSlots: Sendable {
    /// Where each slot ends, in their order.
    private let ends: [UInt64]

    var total: UInt64 { ends.last ?? 0 }

    init(_ weights: [UInt16]) {
        var sum: UInt64 = 0
        ends = weights.map { weight in
            sum += UInt64(weight)
            return sum
        }
    }

    /// The slot that a number lies in: the first one that ends after it; nil for a number that is not below the total.
    func slot(at number: UInt64) -> Int? {
        guard number < total else { return nil }
        var (low, high) = (0, ends.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > number { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
