/// The texts of a part of a pattern that has only a few: `shop|blog`, `0[12]`.
package enum FiniteLanguage {
    /// Each text as one set of bytes for each position, in the order in which PCRE2 tries them.
    ///
    /// - Parameter max: the number of texts, and the number of repetitions, above which the part counts as
    ///   unbounded.
    /// - Returns: nil if there are more, or if the part has captures or parts that are not regular. Atomic groups
    ///   count as plain ones.
    package static func texts(_ node: PatternNode, max: Int) -> [[ByteSet]]? {
        switch node.kind {
        case .empty, .options, .comment: return [[]]
        case .byte, .set: return node.oneByte.map { [[$0]] }
        case .group(.plain, let inside), .group(.atomic, let inside): return texts(inside, max: max)
        case .alternation(let branches):
            var all: [[ByteSet]] = []
            for branch in branches {
                guard let more = texts(branch, max: max), all.count + more.count <= max else { return nil }
                all += more
            }
            return all
        case .sequence(let parts):
            var all: [[ByteSet]] = [[]]
            for part in parts {
                guard let more = texts(part, max: max), all.count * more.count <= max else { return nil }
                all = all.flatMap { head in more.map { head + $0 } }
            }
            return all
        case .quantified(let inside, let quantifier) where quantifier.max == quantifier.min:
            guard let once = texts(inside, max: max), once.count == 1, quantifier.min <= max else {
                return nil
            }
            return [(0..<quantifier.min).flatMap { _ in once[0] }]
        default: return nil
        }
    }

    /// The texts in lower case, byte by byte.
    ///
    /// - Parameters:
    ///   - max: as above.
    ///   - maxBytes: the number of bytes at one position above which the part counts as unbounded.
    package static func lowercasedTexts(_ node: PatternNode, max: Int, maxBytes: Int) -> [[UInt8]]? {
        guard let texts = texts(node, max: max) else { return nil }
        var all: [[UInt8]] = []
        for text in texts {
            var spelled: [[UInt8]] = [[]]
            for set in text {
                let bytes = set.lowercasedBytes
                guard bytes.count <= maxBytes, spelled.count * bytes.count <= max else { return nil }
                spelled = spelled.flatMap { head in bytes.map { head + [$0] } }
            }
            guard all.count + spelled.count <= max else { return nil }
            all += spelled
        }
        return all
    }
}

extension PatternNode {
    /// The bytes of a part that consumes exactly one byte.
    package var oneByte: ByteSet? {
        switch kind {
        case .byte(let byte, let ignoresCase): ignoresCase ? ByteSet([byte]).caseless : ByteSet([byte])
        case .set(let set, _): set
        case .group(.plain, let inside), .group(.capture, let inside): inside.oneByte
        default: nil
        }
    }
}
