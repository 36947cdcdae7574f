/// Reads a pattern by recursive descent; see pcre2pattern(3).
struct Parser {
    /// Letters that change how what follows is read.
    struct Flags {
        var ignoresCase = false
        var multiline = false
        var dotAll = false
        var extended = false
        /// `xx`: blanks in brackets do not count either.
        var extendedMore = false
        var noAutoCapture = false
        var ungreedy = false
    }

    let text: [UInt8]
    var index = 0
    var flags = Flags()
    var captures: [PatternTree.Capture] = []
    var groupCount = 0
    private(set) var metUnknown = false
    private var depth = 0
    private var nodes = 0

    init(_ text: [UInt8], ignoresCase: Bool) {
        self.text = text
        flags.ignoresCase = ignoresCase
    }

    mutating func parse() -> PatternNode {
        var parts: [PatternNode] = []
        while index < text.count {
            parts.append(alternation())
            // An alternation ends early in front of a `)` that nothing opened.
            if index < text.count {
                parts.append(giveUp(from: index, "a parenthesis closes what none opened"))
            }
        }
        if parts.count == 1 { return parts[0] }
        return node(parts.isEmpty ? .empty : .sequence(parts), from: 0)
    }

    // MARK: Reading

    var next: UInt8? { index < text.count ? text[index] : nil }

    func peek(_ ahead: Int) -> UInt8? {
        index + ahead < text.count ? text[index + ahead] : nil
    }

    func isNext(_ word: StaticString) -> Bool {
        guard text.count - index >= word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { bytes in
            bytes.indices.allSatisfy { text[index + $0] == bytes[$0] }
        }
    }

    mutating func take(_ word: StaticString) -> Bool {
        guard isNext(word) else { return false }
        index += word.utf8CodeUnitCount
        return true
    }

    /// The bytes up to `close`, which is taken too; nil: there is none.
    mutating func takeUntil(_ close: UInt8) -> [UInt8]? {
        guard let end = text[index...].firstIndex(of: close) else { return nil }
        defer { index = end + 1 }
        return Array(text[index..<end])
    }

    mutating func takeNumber() -> Int? {
        var value: Int?
        while let byte = next, ByteSet.digits.contains(byte), value ?? 0 < 100_000 {
            value = (value ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
            index += 1
        }
        return value
    }

    mutating func node(_ kind: PatternNode.Kind, from start: Int) -> PatternNode {
        if case .unknown = kind { metUnknown = true }
        nodes += 1
        return PatternNode(kind, start..<max(start, index))
    }

    /// Makes the rest of the pattern one unknown part.
    mutating func giveUp(from start: Int, _ why: String) -> PatternNode {
        index = text.count
        return node(.unknown(why), from: start)
    }

    // MARK: Structure

    /// Up to the pattern's end or a closing parenthesis, which stays.
    mutating func alternation() -> PatternNode {
        let start = index
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternTree.maxDepth else { return giveUp(from: start, "groups nest too deep") }
        var branches = [sequence()]
        while next == UInt8(ascii: "|") {
            index += 1
            branches.append(sequence())
        }
        return branches.count == 1 ? branches[0] : node(.alternation(branches), from: start)
    }

    /// As `alternation()`, of `(?|…)`: each branch begins to number where the first did.
    mutating func resettingAlternation() -> PatternNode {
        let start = index
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternTree.maxDepth else { return giveUp(from: start, "groups nest too deep") }
        let first = groupCount
        var highest = first
        var branches: [PatternNode] = []
        repeat {
            if !branches.isEmpty { index += 1 }
            groupCount = first
            branches.append(sequence())
            highest = max(highest, groupCount)
        } while next == UInt8(ascii: "|")
        groupCount = highest
        return branches.count == 1 ? branches[0] : node(.alternation(branches), from: start)
    }

    mutating func sequence() -> PatternNode {
        let start = index
        var parts: [PatternNode] = []
        while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            guard nodes < PatternTree.maxNodes else {
                parts.append(giveUp(from: index, "the pattern has too many parts"))
                break
            }
            if isNext("\\Q") {
                parts += quoted()
            } else {
                parts.append(quantified(atom(byte)))
            }
        }
        if parts.count == 1, parts[0].range.lowerBound == start { return parts[0] }
        return node(parts.isEmpty ? .empty : .sequence(parts), from: start)
    }

    /// `\Q…\E`: each byte is itself, and a quantifier behind it belongs to the last one.
    private mutating func quoted() -> [PatternNode] {
        let start = index
        index += 2
        var bytes: [PatternNode] = []
        while index < text.count, !isNext("\\E") {
            let at = index
            index += 1
            bytes.append(node(.byte(text[at], ignoresCase: flags.ignoresCase), from: at))
        }
        _ = take("\\E")
        guard let last = bytes.popLast() else { return [node(.empty, from: start)] }
        return bytes + [quantified(last)]
    }

    /// One thing that a quantifier could follow.
    private mutating func atom(_ byte: UInt8) -> PatternNode {
        let start = index
        switch byte {
        case UInt8(ascii: "("): return group()
        case UInt8(ascii: "["): return set()
        case UInt8(ascii: "\\"): return escape()
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
            index += 1
            return node(.unknown("a quantifier without anything to repeat"), from: start)
        case UInt8(ascii: "{"):
            if counts() != nil {
                return node(.unknown("a quantifier without anything to repeat"), from: start)
            }
            // Otherwise it is a brace, if all versions of PCRE2 agree on that.
            if let odd = oddBrace() {
                index += 1
                return node(.unknown(odd), from: start)
            }
        default: break
        }
        if flags.extended, let blank = ignored() { return blank }
        index += 1
        switch byte {
        case UInt8(ascii: "."):
            return node(.set(flags.dotAll ? .all : ByteSet.newline.inverted, .dot), from: start)
        case UInt8(ascii: "^"):
            return node(.anchor(.lineStart(multiline: flags.multiline)), from: start)
        case UInt8(ascii: "$"):
            return node(.anchor(.lineEnd(multiline: flags.multiline)), from: start)
        default: return node(.byte(byte, ignoresCase: flags.ignoresCase), from: start)
        }
    }

    /// Blanks and a comment of an extended pattern.
    private mutating func ignored() -> PatternNode? {
        let start = index
        if next == UInt8(ascii: "#") {
            while let byte = next, byte != UInt8(ascii: "\n") { index += 1 }
            if next != nil { index += 1 }
            return node(.comment, from: start)
        }
        while let byte = next, ByteSet.space.contains(byte) { index += 1 }
        return index > start ? node(.empty, from: start) : nil
    }
}
