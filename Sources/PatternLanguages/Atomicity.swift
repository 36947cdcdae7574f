import PatternSyntax

/// Whether it makes no difference that a part of a pattern gives nothing back.
enum Atomicity {
    /// Texts of one atomic group that are compared with one another.
    private static let maxTexts = 64

    /// A possessive repetition of one byte, where none of its bytes can come next.
    ///
    /// - Parameter next: the state behind it.
    static func isIdle(repeating inside: PatternNode, before next: Int, _ states: [NFA.State]) -> Bool {
        guard let set = oneByte(inside), let following = following(next, states) else { return false }
        return set.intersection(following).isEmpty
    }

    /// An atomic group that can match a text in one way only, or whose repetition is as above.
    static func isIdle(_ inside: PatternNode, before next: Int, _ states: [NFA.State]) -> Bool {
        if case .quantified(let repeated, let quantifier) = inside.kind {
            // A lazy one in an atomic group stays as short as it began.
            if quantifier.mode == .lazy, quantifier.most != quantifier.least { return false }
            return isIdle(repeating: repeated, before: next, states)
        }
        guard let texts = texts(inside) else { return false }
        // The first that fits is taken: no other may fit where it does, or only as long a one.
        for (index, text) in texts.enumerated() {
            for other in texts[(index + 1)...] where text.count != other.count {
                if zip(text, other).allSatisfy({ !$0.intersection($1).isEmpty }) { return false }
            }
        }
        return true
    }

    private static func oneByte(_ node: PatternNode) -> ByteSet? {
        switch node.kind {
        case .byte(let byte, let ignoresCase): ignoresCase ? ByteSet([byte]).caseless : ByteSet([byte])
        case .set(let set, _): set
        case .group(.plain, let inside), .group(.capture, let inside): oneByte(inside)
        default: nil
        }
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

    /// All texts of a part without repetitions and captures, as sets of bytes; nil: too many, or not so.
    private static func texts(_ node: PatternNode) -> [[ByteSet]]? {
        switch node.kind {
        case .empty, .options, .comment: return [[]]
        case .byte, .set: return oneByte(node).map { [[$0]] }
        case .group(.plain, let inside): return texts(inside)
        case .alternation(let branches):
            var all: [[ByteSet]] = []
            for branch in branches {
                guard let more = texts(branch), all.count + more.count <= maxTexts else { return nil }
                all += more
            }
            return all
        case .sequence(let parts):
            var all: [[ByteSet]] = [[]]
            for part in parts {
                guard let more = texts(part), all.count * more.count <= maxTexts else { return nil }
                all = all.flatMap { head in more.map { head + $0 } }
            }
            return all
        case .quantified(let inside, let quantifier) where quantifier.most == quantifier.least:
            guard let once = texts(inside), once.count == 1, quantifier.least <= maxTexts else { return nil }
            return [(0..<quantifier.least).flatMap { _ in once[0] }]
        default: return nil
        }
    }
}
