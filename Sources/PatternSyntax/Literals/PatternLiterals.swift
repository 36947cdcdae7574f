/// The literal text in a pattern's tree: what every match contains, and how the pattern divides around its core.
///
/// For patterns that match a whole text in lower case, as those of hosts do. Cautious: a literal that is not
/// really required would lose a rule.
package struct PatternLiterals {
    package struct Cut {
        /// Literal text before and after the core, in lower case.
        package var head: [UInt8]
        package var tail: [UInt8]
        /// The core's bytes in the pattern's text.
        package var core: Range<Int>
    }

    /// With more alternatives nothing is known.
    static let maxAlternatives = 32
    /// How often a counted part is written out.
    static let maxRepeat = 64

    private let tree: PatternTree
    private let isReliable: Bool

    package init(_ tree: PatternTree) {
        self.tree = tree
        isReliable = Self.isReliable(tree)
    }

    /// Every match has the literals of one of these. Empty: nothing is known.
    package var alternatives: [RequiredLiterals] {
        guard isReliable, let alternatives = Self.alternatives(tree.root) else { return [] }
        // One alternative without literals makes those of the others useless.
        return alternatives.contains(where: \.isEmpty) ? [] : alternatives
    }

    /// How the pattern divides into literal text around a core; nil where that could change a match or a capture.
    package var cut: Cut? { isReliable ? Self.cut(tree) : nil }

    /// Whether each part is matched after the other, from the subject's start to its end.
    private static func isReliable(_ tree: PatternTree) -> Bool {
        guard tree.isKnown else { return false }
        return tree.root.walk { node in
            switch node.kind {
            // `(*ACCEPT)` ends a match anywhere; `\K` moves its start.
            case .unknown, .verb, .matchStart, .group(.other, _): false
            default: true
            }
        }
    }

    // MARK: Literals

    /// Nil: too many.
    private static func alternatives(_ node: PatternNode) -> [RequiredLiterals]? {
        guard let branches = onlyAlternation(node) else {
            var runs = Runs()
            runs.append(node)
            return [RequiredLiterals(runs: runs.texts)]
        }
        var all: [RequiredLiterals] = []
        for branch in branches {
            guard let more = alternatives(branch), all.count + more.count <= maxAlternatives else {
                return nil
            }
            all += more
        }
        return all
    }

    /// The branches of an alternation that is all that the part consumes.
    private static func onlyAlternation(_ node: PatternNode) -> [PatternNode]? {
        switch node.kind {
        case .alternation(let branches): return branches
        case .group(let group, let inside) where !group.looksAround: return onlyAlternation(inside)
        case .sequence(let parts):
            var found: PatternNode?
            for part in parts where !part.consumesNothing {
                guard found == nil else { return nil }
                found = part
            }
            return found.flatMap(onlyAlternation)
        default: return nil
        }
    }

    /// Literal texts with unknown text between each two.
    private struct Runs {
        private(set) var texts: [[UInt8]] = [[]]

        /// Appends the text of a part, as far as it is the same in every match.
        mutating func append(_ node: PatternNode) {
            if node.consumesNothing { return }
            switch node.kind {
            case .byte, .set:
                if let byte = node.onlyByte { texts[texts.count - 1].append(byte) } else { appendUnknown() }
            case .sequence(let parts): for part in parts { append(part) }
            case .group(_, let inside): append(inside)
            case .quantified(let inside, let quantifier): append(inside, quantifier)
            default: appendUnknown()
            }
        }

        private mutating func append(_ inside: PatternNode, _ quantifier: PatternNode.Quantifier) {
            // A part that is left out keeps its number of captures, and consumes nothing.
            if quantifier.max == 0 { return }
            guard quantifier.min > 0 else { return appendUnknown() }
            if let byte = inside.onlyByte {
                let count = min(quantifier.min, PatternLiterals.maxRepeat)
                texts[texts.count - 1].append(contentsOf: repeatElement(byte, count: count))
                if quantifier.max != count { appendUnknown() }
            } else {
                append(inside)
                if quantifier.max != 1 { appendUnknown() }
            }
        }

        private mutating func appendUnknown() { texts.append([]) }
    }

    // MARK: Cut

    /// Takes the literal text off both ends.
    ///
    /// In a regular pattern no part looks beyond what it consumes, and literal text has one way to match: so the
    /// way that is found first through the whole is the one that is found first through the core.
    private static func cut(_ tree: PatternTree) -> Cut? {
        let parts: [PatternNode]
        switch tree.root.kind {
        case .sequence(let sequence): parts = sequence
        case .alternation: return nil
        default: parts = [tree.root]
        }
        // The parts that are left, and the bytes that they are written in.
        var rest = parts.indices
        var core = 0..<tree.text.count
        func dropFirst() {
            core = parts[rest.lowerBound].range.upperBound..<core.upperBound
            rest = rest.dropFirst()
        }
        func dropLast() {
            core = core.lowerBound..<parts[rest.upperBound - 1].range.lowerBound
            rest = rest.dropLast()
        }
        while let first = rest.first, parts[first].isAnchor(.lineStart(multiline: false), .subjectStart) {
            dropFirst()
        }
        while let last = rest.last, parts[last].isAnchor(.lineEnd(multiline: false), .subjectEnd) {
            dropLast()
        }
        guard rest.allSatisfy({ parts[$0].isRegular }) else { return nil }
        var head: [UInt8] = []
        while let first = rest.first, let byte = parts[first].cutByte {
            head.append(byte)
            dropFirst()
        }
        var tail: [UInt8] = []
        while let last = rest.last, let byte = parts[last].cutByte {
            tail.append(byte)
            dropLast()
        }
        guard !head.isEmpty || !tail.isEmpty else { return nil }
        // `\Qa.\E+`: without its `\Q` the dot would be any byte.
        if let first = rest.first, case .quantified(let atom, _) = parts[first].kind,
            case .byte(let byte, _) = atom.kind, atom.range.count == 1, !ByteSet.word.contains(byte)
        {
            return nil
        }
        return Cut(head: head, tail: tail.reversed(), core: core)
    }
}

extension PatternNode {
    /// Whether the part consumes no byte in any match. False is not a promise.
    fileprivate var consumesNothing: Bool {
        switch kind {
        case .empty, .options, .comment, .anchor: true
        case .group(let group, _): group.looksAround
        default: false
        }
    }

    /// The one byte, in lower case, that the part consumes of a text in lower case; nil: there are several.
    fileprivate var onlyByte: UInt8? {
        switch kind {
        case .byte(let byte, _): byte.lowercased
        case .set(let set, _): set.onlyLowercasedByte
        case .group(.plain, let inside): inside.onlyByte
        default: nil
        }
    }

    /// A byte that can be compared outside of the pattern.
    ///
    /// An upper-case letter that does not match its lower case matches no host: it stays, so that the pattern
    /// does.
    fileprivate var cutByte: UInt8? {
        switch kind {
        case .byte(let byte, let ignoresCase):
            ignoresCase || byte == byte.lowercased ? byte.lowercased : nil
        case .set(let set, _): set.onlyLowercasedByte.flatMap { set.contains($0) ? $0 : nil }
        default: nil
        }
    }

    fileprivate func isAnchor(_ one: Anchor, _ other: Anchor) -> Bool {
        if case .anchor(let anchor) = kind { anchor == one || anchor == other } else { false }
    }

    /// Whether there are only bytes, sets, groups, alternatives and quantifiers: no part looks beyond its own
    /// bytes or forbids to go back.
    fileprivate var isRegular: Bool {
        walk { node in
            switch node.kind {
            case .empty, .byte, .set, .sequence, .alternation, .options, .comment: true
            case .group(.capture, _), .group(.plain, _): true
            case .quantified(_, let quantifier): quantifier.mode != .possessive
            default: false
            }
        }
    }
}

extension UInt8 {
    fileprivate var lowercased: UInt8 { self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self }
}
