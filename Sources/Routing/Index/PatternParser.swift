import Bytes

/// Reads a pattern as far as its literals go: the part of PCRE2's syntax that host patterns are
/// written in.
///
/// Whatever is not in that part (options, verbs, back references, recursion, conditions,
/// quoting, code points) makes the whole unreadable, and such a pattern has no literals.
struct PatternParser {
    struct Element {
        enum Kind {
            /// In lower case.
            case byte(UInt8)
            /// Consumes bytes that are not known, maybe none.
            case anything
            /// A group of several alternatives.
            case choice([[Element]])
            case lineStart
            case lineEnd
            /// Consumes nothing.
            case empty
        }

        let kind: Kind
        /// Bytes of the pattern.
        let range: Range<Int>
        /// Whether it stands on the pattern's top level, without a quantifier.
        var stands = false
    }

    /// Whether there are only bytes, sets, groups, alternatives and quantifiers, and anchors on the
    /// top level: nothing that looks around or forbids to go back.
    private(set) var isRegular = true
    private let text: [UInt8]
    private var index = 0
    private var depth = 0

    /// Groups within one another that are read.
    private static let maxDepth = 24
    /// How often a counted byte is written out.
    private static let maxRepeat = 64

    init(_ text: [UInt8]) {
        self.text = text
    }

    /// The top level's alternatives; nil when the pattern is not understood.
    mutating func parse() -> [[Element]]? {
        guard let sequences = alternatives(), index == text.count else { return nil }
        return sequences
    }

    private var next: UInt8? { index < text.count ? text[index] : nil }

    private mutating func take(_ word: StaticString) -> Bool {
        guard text.count - index >= word.utf8CodeUnitCount else { return false }
        let matches = word.withUTF8Buffer { bytes in
            bytes.indices.allSatisfy { text[index + $0] == bytes[$0] }
        }
        if matches { index += word.utf8CodeUnitCount }
        return matches
    }

    // MARK: Structure

    /// Up to the pattern's end or a closing parenthesis.
    private mutating func alternatives() -> [[Element]]? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maxDepth else { return nil }
        var all: [[Element]] = []
        while true {
            guard let sequence = sequence() else { return nil }
            all.append(sequence)
            guard take("|") else { return all }
        }
    }

    private mutating func sequence() -> [Element]? {
        var elements: [Element] = []
        while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            let start = index
            guard let atom = atom(byte), let counts = quantifier() else { return nil }
            if let counts {
                elements += repeated(atom, counts, start..<index)
            } else {
                elements += atom
            }
        }
        return elements
    }

    /// One thing that a quantifier could follow.
    private mutating func atom(_ byte: UInt8) -> [Element]? {
        let start = index
        switch byte {
        case UInt8(ascii: "("): return group()
        case UInt8(ascii: "["): return set().map { [element($0, start)] }
        case UInt8(ascii: "\\"): return escape().map { [element($0, start)] }
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"): return nil
        default: break
        }
        guard byte < 0x80 else { return nil }
        index += 1
        switch byte {
        case UInt8(ascii: "."): return [element(.anything, start)]
        case UInt8(ascii: "^"): return [anchor(.lineStart, start)]
        case UInt8(ascii: "$"): return [anchor(.lineEnd, start)]
        default: return [element(.byte(ASCII.lowercased(byte)), start)]
        }
    }

    private func element(_ kind: Element.Kind, _ start: Int) -> Element {
        Element(kind: kind, range: start..<index, stands: depth == 1)
    }

    private mutating func anchor(_ kind: Element.Kind, _ start: Int) -> Element {
        if depth > 1 { isRegular = false }
        return element(kind, start)
    }

    // MARK: Groups

    private mutating func group() -> [Element]? {
        let start = index
        index += 1
        if next == UInt8(ascii: "*") { return nil }
        var consumes = true
        if take("?") {
            // Patterns ignore case as it is.
            if take("i)") { return [element(.empty, start)] }
            if take(":") {
            } else if take(">") {
                isRegular = false
            } else if take("=") || take("!") || take("<=") || take("<!") {
                isRegular = false
                consumes = false
            } else {
                guard name() else { return nil }
            }
        }
        guard let inside = alternatives(), take(")") else { return nil }
        guard consumes else { return [element(.empty, start)] }
        if inside.count > 1 { return [element(.choice(inside), start)] }
        if inside[0].isEmpty { return [element(.empty, start)] }
        return inside[0]
    }

    /// `<name>`, `P<name>` or `'name'`.
    private mutating func name() -> Bool {
        let close: UInt8
        if take("<") || take("P<") {
            close = UInt8(ascii: ">")
        } else if take("'") {
            close = UInt8(ascii: "'")
        } else {
            return false
        }
        let start = index
        while let byte = next, ASCII.isWord(byte) { index += 1 }
        guard index > start, next == close else { return false }
        index += 1
        return true
    }

    // MARK: Quantifiers

    /// How often, at least and at most (nil: without end). Nil inside: there is no quantifier;
    /// nil outside: it is not understood.
    private mutating func quantifier() -> (least: Int, most: Int?)?? {
        let counts: (Int, Int?)
        switch next {
        case UInt8(ascii: "*"): counts = (0, nil)
        case UInt8(ascii: "+"): counts = (1, nil)
        case UInt8(ascii: "?"): counts = (0, 1)
        case UInt8(ascii: "{"):
            guard let range = range() else { return nil }
            counts = range
        default: return .some(nil)
        }
        index += 1
        if take("+") {
            isRegular = false
        } else {
            _ = take("?")
        }
        return .some(counts)
    }

    /// `{n}`, `{n,}` or `{n,m}`; ends on the closing brace.
    private mutating func range() -> (Int, Int?)? {
        index += 1
        guard let least = number() else { return nil }
        var most: Int? = least
        if take(",") { most = number() }
        guard next == UInt8(ascii: "}") else { return nil }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let byte = next, ASCII.isDigit(byte), value ?? 0 < 100_000 {
            value = (value ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
            index += 1
        }
        return value
    }

    /// What a quantified atom surely brings.
    private mutating func repeated(
        _ atom: [Element],
        _ counts: (least: Int, most: Int?),
        _ range: Range<Int>
    ) -> [Element] {
        let anything = Element(kind: .anything, range: range)
        // What is left out stays in its place: a group keeps its number.
        if counts.most == 0 { return [Element(kind: .empty, range: range)] }
        guard atom.count == 1 else { return [anything] }
        switch atom[0].kind {
        case .byte(let byte):
            let byte = Element(kind: .byte(byte), range: range)
            let certain = Array(repeating: byte, count: min(counts.least, Self.maxRepeat))
            return certain + (counts.most == certain.count ? [] : [anything])
        case .lineStart, .lineEnd:
            isRegular = false
            return [Element(kind: .empty, range: range)]
        case .empty:
            return [Element(kind: .empty, range: range)]
        case .anything, .choice:
            return [anything]
        }
    }

    // MARK: Sets and escapes

    /// `[…]`. One of a single byte is that byte: `[.]` is how many write `\.`.
    private mutating func set() -> Element.Kind? {
        index += 1
        let isNegated = take("^")
        var only: UInt8?
        var members = 0
        repeat {
            guard let byte = next, byte < 0x80 else { return nil }
            switch byte {
            case UInt8(ascii: "\\"):
                switch escape() {
                case .byte(let escaped): only = escaped
                case .anything: members += 1
                default: return nil
                }
            case UInt8(ascii: "["):
                if take("[:") {
                    if next == UInt8(ascii: "^") { index += 1 }
                    while let byte = next, ASCII.isLetter(byte) { index += 1 }
                    guard take(":]") else { return nil }
                    members += 1
                } else {
                    guard !take("[."), !take("[=") else { return nil }
                    index += 1
                }
            default:
                index += 1
                only = ASCII.lowercased(byte)
            }
            members += 1
        } while next != UInt8(ascii: "]")
        index += 1
        if !isNegated, members == 1, let only { return .byte(only) }
        return .anything
    }

    /// Behind a backslash.
    private mutating func escape() -> Element.Kind? {
        guard index + 1 < text.count else { return nil }
        let byte = text[index + 1]
        index += 2
        switch byte {
        case UInt8(ascii: "d"), UInt8(ascii: "D"), UInt8(ascii: "w"), UInt8(ascii: "W"), UInt8(ascii: "s"),
            UInt8(ascii: "S"), UInt8(ascii: "h"), UInt8(ascii: "H"), UInt8(ascii: "v"), UInt8(ascii: "V"):
            return .anything
        case UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "A"), UInt8(ascii: "z"), UInt8(ascii: "Z"):
            isRegular = false
            return .empty
        default:
            guard byte < 0x80, !ASCII.isLetter(byte), !ASCII.isDigit(byte) else { return nil }
            return .byte(byte)
        }
    }
}
