/// Literal text that every match of a pattern contains.
///
/// A text without it is not a match; one with it may be.
package struct RequiredLiterals: Sendable, Hashable {
    /// The match begins with this, in lower case; all of it when `isWhole`.
    package var prefix: [UInt8]
    /// The match ends with this, after `prefix`; empty when `isWhole`.
    package var suffix: [UInt8]
    /// Each of these is found somewhere between the two.
    package var inner: [[UInt8]]
    /// The match is `prefix` and nothing else.
    package var isWhole: Bool

    /// Inner texts that are kept: the longest. More cost more than they save.
    static let maxInner = 3
    /// Shorter inner texts are not kept, bytes: nearly every host contains them.
    package static let minInnerBytes = 2

    package init(
        prefix: [UInt8] = [],
        suffix: [UInt8] = [],
        inner: [[UInt8]] = [],
        isWhole: Bool = false
    ) {
        self.prefix = prefix
        self.suffix = suffix
        self.inner = inner
        self.isWhole = isWhole
    }

    /// The texts between the parts of unknown text, in order: the first begins the match, the last ends it.
    init(runs: [[UInt8]]) {
        self.init(prefix: runs.first ?? [], isWhole: runs.count == 1)
        guard runs.count > 1 else { return }
        suffix = runs[runs.count - 1]
        let middle = runs[1..<(runs.count - 1)].filter { $0.count >= Self.minInnerBytes }
        inner = Array(middle.sorted { $0.count > $1.count }.prefix(Self.maxInner))
    }

    /// What the matches of all these have in common.
    package init(common alternatives: [RequiredLiterals]) {
        self.init()
        guard let first = alternatives.first else { return }
        if alternatives.count == 1 {
            self = first
            return
        }
        prefix = alternatives.dropFirst().reduce(first.prefix) { Self.commonPrefix($0, $1.prefix) }
        let ending = alternatives.dropFirst().reduce(first.ending.reversed()) {
            Self.commonPrefix($0, $1.ending.reversed())
        }
        // The shortest whole alternative may be both: then the two overlap, and only one is kept.
        let shortest = alternatives.map { $0.prefix.count + $0.suffix.count }.min() ?? 0
        suffix = prefix.count + ending.count <= shortest ? ending.reversed() : []
    }

    package var isEmpty: Bool { !isWhole && prefix.isEmpty && suffix.isEmpty && inner.isEmpty }

    /// The text that the match ends with, which is its prefix too when `isWhole`.
    package var ending: [UInt8] { isWhole ? prefix : suffix }

    /// Whether one text could begin and end as both require. If not, no text matches both patterns.
    package func agree(_ other: RequiredLiterals) -> Bool {
        let prefixes = zip(prefix, other.prefix).allSatisfy { $0 == $1 }
        return prefixes && zip(ending.reversed(), other.ending.reversed()).allSatisfy { $0 == $1 }
    }

    /// The literals of `head`, then a match, then `tail`.
    package func between(_ head: ArraySlice<UInt8>, _ tail: ArraySlice<UInt8>) -> RequiredLiterals {
        if isWhole { return RequiredLiterals(prefix: head + prefix + tail, isWhole: true) }
        return RequiredLiterals(prefix: head + prefix, suffix: suffix + tail, inner: inner)
    }

    private static func commonPrefix(_ one: [UInt8], _ other: [UInt8]) -> [UInt8] {
        Array(zip(one, other).prefix { $0 == $1 }.map(\.0))
    }
}
