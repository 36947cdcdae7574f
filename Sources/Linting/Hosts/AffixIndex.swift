import PatternLanguages
import PatternSyntax

/// Finds the pairs of patterns whose literal ends agree, without comparing all with all: most
/// patterns of a large file differ in theirs.
struct AffixIndex {
    struct Pairs {
        var found: [(first: Int, second: Int)] = []
        /// Whether that is all.
        var isComplete = true
    }

    private let literals: [RequiredLiterals]

    init(_ literals: [RequiredLiterals]) {
        self.literals = literals
    }

    func pairs(max: Int) -> Pairs {
        let suffixes = Order(literals.map { $0.ending.reversed() })
        let prefixes = Order(literals.map(\.prefix))
        let order = suffixes.count < prefixes.count ? suffixes : prefixes
        var pairs = Pairs()
        var left = max
        for position in order.sorted.indices {
            for other in (position + 1)..<Swift.max(position + 1, order.ends[position]) {
                guard left > 0 else {
                    pairs.isComplete = false
                    return pairs
                }
                left -= 1
                let (a, b) = (order.sorted[position], order.sorted[other])
                if literals[a].agree(literals[b]) { pairs.found.append((min(a, b), Swift.max(a, b))) }
            }
        }
        return pairs
    }

    /// Texts in their order: those that begin with a text follow it.
    private struct Order {
        let sorted: [Int]
        /// Of each position, where the texts end that begin with the one there.
        let ends: [Int]
        /// Pairs in all.
        let count: Int

        init(_ texts: [[UInt8]]) {
            let sorted = texts.indices.sorted { texts[$0].lexicographicallyPrecedes(texts[$1]) }
            var ends = [Int](repeating: sorted.count, count: sorted.count)
            var open: [Int] = []
            for position in sorted.indices {
                while let last = open.last, !texts[sorted[position]].starts(with: texts[sorted[last]]) {
                    ends[last] = position
                    open.removeLast()
                }
                open.append(position)
            }
            self.sorted = sorted
            self.ends = ends
            count = ends.indices.reduce(0) { $0 + ends[$1] - $1 - 1 }
        }
    }
}
