import PatternSyntax

/// Whether making a part possessive or atomic cannot change what matches.
enum Atomicity {
    /// Texts of one atomic group that are compared with one another.
    private static let maxTexts = 64

    /// A possessive repetition of one byte, if no byte of it can come next.
    ///
    /// - Parameter next: the state after it.
    static func isIdle(repeating inside: PatternNode, before next: Int, _ states: [NFA.State]) -> Bool {
        guard let set = inside.oneByte, let following = following(next, states) else { return false }
        return set.intersection(following).isEmpty
    }

    /// An atomic group that can match a text in one way only, or whose repetition is as above.
    static func isIdle(_ inside: PatternNode, before next: Int, _ states: [NFA.State]) -> Bool {
        if case .quantified(let repeated, let quantifier) = inside.kind {
            // A lazy one in an atomic group stays as short as it began.
            if quantifier.mode == .lazy, quantifier.max != quantifier.min { return false }
            return isIdle(repeating: repeated, before: next, states)
        }
        guard let texts = FiniteLanguage.texts(inside, max: maxTexts) else { return false }
        // The first that fits is taken: no other may fit where it does, or only as long a one.
        for (index, text) in texts.enumerated() {
            for other in texts[(index + 1)...] where text.count != other.count {
                if zip(text, other).allSatisfy({ !$0.intersection($1).isEmpty }) { return false }
            }
        }
        return true
    }

    /// Bytes that may come next from a state on; nil: not known, as within a loop that is not closed yet.
    private static func following(_ state: Int, _ states: [NFA.State]) -> ByteSet? {
        var set = ByteSet()
        var seen: Set<Int> = []
        var open = [state]
        while let state = open.popLast() {
            guard seen.insert(state).inserted else { continue }
            switch states[state] {
            case .byte(let bytes, _): set = set.union(bytes)
            case .split(let targets):
                if targets.isEmpty { return nil }
                open += targets
            case .anchor(_, let next), .tag(_, _, let next): open.append(next)
            case .accept: break
            }
        }
        return set
    }
}
