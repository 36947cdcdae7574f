/// The syntax tree of a PCRE2 pattern: its parts with their positions in the text.
///
/// It is read as `PCRE2.Pattern` compiles it: bytes, not UTF; `$` is the very end; ASCII's cases and classes. The
/// pattern is not checked: one that PCRE2 rejects may have a tree, and the tree of one that it accepts may have
/// `.unknown` parts, about which nothing may be concluded.
/// Never fails and never traps; time and memory grow with the text's length.
public struct PatternTree: Sendable {
    /// The pattern's text, UTF-8.
    public let text: [UInt8]
    public let root: PatternNode
    /// Capture groups in the order of their opening; with `(?|…)` several may have one number.
    public let captures: [Capture]
    /// Whether no part is `.unknown`.
    public let isKnown: Bool

    public struct Capture: Sendable, Hashable {
        public let number: Int
        public let name: String?
        /// The group's bytes, parentheses included.
        public let range: Range<Int>
        /// The name's bytes.
        public let nameRange: Range<Int>?
    }

    /// Longer patterns are not read, bytes.
    public static let maxBytes = 64 << 10
    /// Groups within one another that are read: as PCRE2's own limit.
    public static let maxDepth = 250
    /// Parts that are read.
    public static let maxNodes = 64 << 10

    /// - Parameters:
    ///   - text: the pattern, without Berth's `~`.
    ///   - ignoresCase: as host patterns and `~*` do.
    public init(_ text: String, ignoresCase: Bool = false) {
        self.init(Array(text.utf8), ignoresCase: ignoresCase)
    }

    /// As `init(_:ignoresCase:)`.
    public init(_ text: [UInt8], ignoresCase: Bool = false) {
        self.text = text
        guard text.count <= Self.maxBytes else {
            root = PatternNode(.unknown("the pattern is longer than \(Self.maxBytes) bytes"), 0..<text.count)
            captures = []
            isKnown = false
            return
        }
        var parser = Parser(text, ignoresCase: ignoresCase)
        root = parser.parse()
        captures = parser.captures
        isKnown = !parser.metUnknown
    }

    /// The text of a part.
    public func text(of node: PatternNode) -> String {
        String(decoding: text[node.range.clamped(to: 0..<text.count)], as: UTF8.self)
    }

    /// Every alternation, in the order of the text.
    public var alternations: [[PatternNode]] {
        var found: [[PatternNode]] = []
        root.walk { node in
            if case .alternation(let branches) = node.kind { found.append(branches) }
            return true
        }
        return found
    }
}
