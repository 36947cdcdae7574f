/// The result of one match.
public enum MatchOutcome: Hashable, Sendable {
    case matched(MatchedRanges)
    case noMatch
    case limitExceeded(MatchLimit)
    /// PCRE2's error code. Not caused by unusual subjects.
    case failed(code: Int32)
}

/// Which limit ended a match.
public enum MatchLimit: String, Hashable, Sendable {
    case steps
    case depth
    case heap
    case jitStack = "jit_stack"
}

/// The ranges of a match and its groups, in bytes of the subject. Owned: no later match changes them.
public struct MatchedRanges: Hashable, Sendable {
    /// Pairs of start and end; `unset` for groups that took no part in the match.
    private let offsets: [UInt32]
    private static let unset = UInt32.max

    /// - Parameter pair: start and end of group `0..<count`; nil where it took no part.
    init(count: Int, pair: (Int) -> (UInt32, UInt32)?) {
        self.offsets = Array(capacity: count * 2) { offsets in
            for number in 0..<count {
                let (start, end) = pair(number) ?? (Self.unset, Self.unset)
                offsets.append(start)
                offsets.append(end)
            }
        }
    }

    /// Groups, the whole match (0) included.
    public var count: Int { offsets.count / 2 }

    /// The range of a group (0: the whole match); nil if it took no part or does not exist.
    public subscript(group: Int) -> Range<Int>? {
        guard group >= 0, group < count else { return nil }
        let start = offsets[group * 2]
        let end = offsets[group * 2 + 1]
        guard start != Self.unset, start <= end else { return nil }
        return Int(start)..<Int(end)
    }
}
