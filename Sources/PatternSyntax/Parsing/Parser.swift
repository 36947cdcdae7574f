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

    var cursor: PatternCursor
    var flags = Flags()
    var captures: [PatternTree.Capture] = []
    var groupCount = 0
    private(set) var metUnknown = false
    private var depth = 0
    private var nodes = 0

    init(_ text: [UInt8], ignoresCase: Bool) {
        cursor = PatternCursor(text)
        flags.ignoresCase = ignoresCase
    }

    mutating func parse() -> PatternNode {
        var parts: [PatternNode] = []
        while !cursor.isAtEnd {
            parts.append(alternation())
            // An alternation ends early before a `)` that nothing opened.
            if !cursor.isAtEnd {
                parts.append(giveUp(from: cursor.index, "a closing parenthesis without an opening one"))
            }
        }
        if parts.count == 1 { return parts[0] }
        return node(parts.isEmpty ? .empty : .sequence(parts), from: 0)
    }

    mutating func node(_ kind: PatternNode.Kind, from start: Int) -> PatternNode {
        if case .unknown = kind { metUnknown = true }
        nodes += 1
        return PatternNode(kind, start..<max(start, cursor.index))
    }

    /// Makes the rest of the pattern one unknown part.
    mutating func giveUp(from start: Int, _ why: String) -> PatternNode {
        cursor.index = cursor.text.count
        return node(.unknown(why), from: start)
    }

    // MARK: Structure

    /// Up to the pattern's end or a closing parenthesis, which stays.
    mutating func alternation() -> PatternNode {
        let start = cursor.index
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternTree.maxDepth else { return giveUp(from: start, "groups nest too deep") }
        var branches = [sequence()]
        while cursor.take(UInt8(ascii: "|")) {
            branches.append(sequence())
        }
        return branches.count == 1 ? branches[0] : node(.alternation(branches), from: start)
    }

    /// As `alternation()`, of `(?|…)`: each branch begins to number where the first did.
    mutating func resettingAlternation() -> PatternNode {
        let start = cursor.index
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternTree.maxDepth else { return giveUp(from: start, "groups nest too deep") }
        let first = groupCount
        var highest = first
        var branches: [PatternNode] = []
        repeat {
            if !branches.isEmpty { cursor.index += 1 }
            groupCount = first
            branches.append(sequence())
            highest = max(highest, groupCount)
        } while cursor.next == UInt8(ascii: "|")
        groupCount = highest
        return branches.count == 1 ? branches[0] : node(.alternation(branches), from: start)
    }

    mutating func sequence() -> PatternNode {
        let start = cursor.index
        var parts: [PatternNode] = []
        while let byte = cursor.next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
            guard nodes < PatternTree.maxNodes else {
                parts.append(giveUp(from: cursor.index, "the pattern has too many parts"))
                break
            }
            if cursor.isEscape(UInt8(ascii: "Q")) {
                parts += quoted()
            } else {
                parts.append(quantified(atom(byte)))
            }
        }
        if parts.count == 1, parts[0].range.lowerBound == start { return parts[0] }
        return node(parts.isEmpty ? .empty : .sequence(parts), from: start)
    }

    /// `\Q…\E`: each byte is itself, and a quantifier after it belongs to the last one.
    private mutating func quoted() -> [PatternNode] {
        let start = cursor.index
        cursor.index += 2
        var bytes: [PatternNode] = []
        while let byte = cursor.next, !cursor.isEscape(UInt8(ascii: "E")) {
            let at = cursor.index
            cursor.index += 1
            bytes.append(node(.byte(byte, ignoresCase: flags.ignoresCase), from: at))
        }
        _ = cursor.take("\\E")
        guard let last = bytes.popLast() else { return [node(.empty, from: start)] }
        return bytes + [quantified(last)]
    }

    /// `atom` with the quantifiers that follow it.
    private mutating func quantified(_ atom: PatternNode) -> PatternNode {
        switch atom.kind {
        case .comment, .options: return atom
        case .empty where flags.extended: return atom
        default: break
        }
        let start = atom.range.lowerBound
        switch QuantifierReader(flags: flags).read(&cursor) {
        case .none: return atom
        case .unknown(let why, endsPattern: true): return giveUp(from: start, why)
        case .unknown(let why, endsPattern: false): return node(.unknown(why), from: start)
        case .quantifier(let quantifier):
            let whole = node(.quantified(atom, quantifier), from: start)
            // `a{2}{3}` repeats what was repeated.
            return cursor.next == UInt8(ascii: "{") ? quantified(whole) : whole
        }
    }

    /// One thing that a quantifier could follow.
    private mutating func atom(_ byte: UInt8) -> PatternNode {
        let start = cursor.index
        switch byte {
        case UInt8(ascii: "("): return group()
        case UInt8(ascii: "["): return set()
        case UInt8(ascii: "\\"): return escape()
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{"):
            if QuantifierReader.takeCounts(&cursor) != nil {
                return node(.unknown("a quantifier without anything to repeat"), from: start)
            }
            // Otherwise it is a brace, if all versions of PCRE2 agree on that.
            if QuantifierReader.isOddBrace(cursor) {
                cursor.index += 1
                return node(.unknown("braces that versions of PCRE2 read differently"), from: start)
            }
        default: break
        }
        if flags.extended, let blank = ignored() { return blank }
        cursor.index += 1
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

    private mutating func set() -> PatternNode {
        let start = cursor.index
        if cursor.take("[[:<:]]") || cursor.take("[[:>:]]") {
            return node(.unknown("a word's edge in brackets"), from: start)
        }
        do throws(BracketReader.Failure) {
            return node(try BracketReader.read(&cursor, flags), from: start)
        } catch {
            return giveUp(from: start, error.reason)
        }
    }

    /// Blanks and a comment of an extended pattern.
    private mutating func ignored() -> PatternNode? {
        let start = cursor.index
        if cursor.next == UInt8(ascii: "#") {
            cursor.skip(ByteSet.newline.inverted)
            if !cursor.isAtEnd { cursor.index += 1 }
            return node(.comment, from: start)
        }
        cursor.skip(.space)
        return cursor.index > start ? node(.empty, from: start) : nil
    }
}
