/// A part of a pattern: what it is, and its bytes in the pattern's text.
///
/// A quantifier's range holds what it repeats; a group's its parentheses; a branch of an
/// alternation has neither of its bars.
public struct PatternNode: Sendable {
    public let kind: Kind
    /// Bytes of the pattern's text.
    public let range: Range<Int>

    public init(_ kind: Kind, _ range: Range<Int>) {
        self.kind = kind
        self.range = range
    }

    // Only the rarer kinds are indirect: most parts are bytes, and need no allocation.
    public enum Kind: Sendable {
        /// Nothing: an empty branch, `\E`, ignored blanks.
        case empty
        /// One byte; `ignoresCase`: an ASCII letter in either case.
        case byte(UInt8, ignoresCase: Bool)
        /// One byte out of a set: `[…]`, `\d`, `.` and so on. Case is worked into the set.
        indirect case set(ByteSet, SetSpelling)
        case anchor(Anchor)
        case sequence([PatternNode])
        /// At least two branches, tried in their order.
        case alternation([PatternNode])
        indirect case group(Group, PatternNode)
        indirect case quantified(PatternNode, Quantifier)
        case backreference(Reference)
        /// `(?R)`, `(?1)`, `\g<name>`: the group's pattern once more.
        case call(Reference)
        indirect case conditional(Condition, then: PatternNode, otherwise: PatternNode?)
        /// `\R`.
        case newlineSequence
        /// `\K`.
        case matchStart
        /// `(?i)`: from here to the group's end; the letters as written.
        case options(String)
        /// `(*PRUNE)` and similar, and what a pattern may begin with (`(*LIMIT_MATCH=…)`); without
        /// the parentheses and the star.
        case verb(String)
        /// `(?#…)`, and `# …` of extended patterns.
        case comment
        /// Unknown to this parser, or different among versions of PCRE2; the text is
        /// for people. From a part that cannot be read the range goes on to the pattern's end.
        case unknown(String)
    }

    /// How a set is written.
    public enum SetSpelling: Sendable, Hashable {
        /// `.`, or `\N`
        case dot
        /// `[…]`
        case brackets(isNegated: Bool)
        /// `\d`, `\W` …: the letter.
        case escape(UInt8)
    }

    public enum Anchor: Sendable, Hashable {
        /// `^`; `multiline`: after each newline too.
        case lineStart(multiline: Bool)
        /// `$`, the very end; `multiline`: before each newline too.
        case lineEnd(multiline: Bool)
        /// `\A`
        case subjectStart
        /// `\z`
        case subjectEnd
        /// `\Z`: or before a newline there.
        case subjectEndOrNewline
        /// `\G`
        case searchStart
        /// `\b`
        case wordBoundary
        /// `\B`
        case notWordBoundary

        /// Nil: the escape is not an anchor.
        init?(escape byte: UInt8) {
            switch byte {
            case UInt8(ascii: "A"): self = .subjectStart
            case UInt8(ascii: "z"): self = .subjectEnd
            case UInt8(ascii: "Z"): self = .subjectEndOrNewline
            case UInt8(ascii: "G"): self = .searchStart
            case UInt8(ascii: "b"): self = .wordBoundary
            case UInt8(ascii: "B"): self = .notWordBoundary
            default: return nil
            }
        }
    }

    public enum Group: Sendable, Hashable {
        case capture(number: Int, name: String?)
        /// `(?:…)`; the letters of `(?i:…)` as written.
        case plain(options: String)
        case atomic
        /// `(?|…)`: the branches number their groups alike.
        case branchReset
        case lookahead(isNegative: Bool)
        case lookbehind(isNegative: Bool)
        /// `(*napla:…)`, script runs and others that are not distinguished: the name.
        case other(String)

        /// Whether the bytes that the group matches are not consumed.
        public var looksAround: Bool {
            switch self {
            case .lookahead, .lookbehind: true
            default: false
            }
        }
    }

    public struct Quantifier: Sendable, Hashable {
        public enum Mode: Sendable, Hashable {
            case greedy
            case lazy
            case possessive
        }

        /// How often the part is matched at least.
        public let min: Int
        /// … and at most; nil: without a limit.
        public let max: Int?
        public let mode: Mode
        /// The bytes of the quantifier alone.
        public let range: Range<Int>

        public var isUnbounded: Bool { max == nil }
    }

    public enum Reference: Sendable, Hashable {
        /// The pattern as a whole is 0.
        case number(Int)
        case name(String)
    }

    public enum Condition: Sendable {
        case reference(Reference)
        /// `(?(?=…)…)`
        case look(PatternNode)
        /// `(?(DEFINE)…)`, `(?(R)…)` …: as written.
        case other(String)
    }
}

extension PatternNode {
    /// The parts right below, in order.
    public var children: [PatternNode] {
        switch kind {
        case .sequence(let parts), .alternation(let parts): parts
        case .group(_, let inside), .quantified(let inside, _): [inside]
        case .conditional(.look(let look), let then, let otherwise):
            [look, then] + (otherwise.map { [$0] } ?? [])
        case .conditional(_, let then, let otherwise): [then] + (otherwise.map { [$0] } ?? [])
        default: []
        }
    }

    /// Visits this and all below, in the order of the text, until `visit` returns false.
    @discardableResult
    public func walk(_ visit: (PatternNode) -> Bool) -> Bool {
        guard visit(self) else { return false }
        switch kind {
        case .sequence(let parts), .alternation(let parts): return parts.allSatisfy { $0.walk(visit) }
        case .group(_, let inside), .quantified(let inside, _): return inside.walk(visit)
        case .conditional: return children.allSatisfy { $0.walk(visit) }
        default: return true
        }
    }
}
