extension Parser {
    /// What begins with a parenthesis.
    mutating func group() -> PatternNode {
        let start = cursor.index
        cursor.index += 1
        if cursor.next == UInt8(ascii: "*"), let letter = cursor.peek(1),
            ByteSet.letters.contains(letter) || letter == UInt8(ascii: ":")
        {
            return starred(start)
        }
        guard cursor.take("?") else {
            return flags.noAutoCapture
                ? finish(.plain(options: ""), start) : finish(capture(named: nil), start)
        }
        if cursor.take(":") { return finish(.plain(options: ""), start) }
        if cursor.take(">") { return finish(.atomic, start) }
        if cursor.take("|") { return finish(.branchReset, start) }
        if cursor.take("=") { return finish(.lookahead(isNegative: false), start) }
        if cursor.take("!") { return finish(.lookahead(isNegative: true), start) }
        if cursor.take("<=") { return finish(.lookbehind(isNegative: false), start) }
        if cursor.take("<!") { return finish(.lookbehind(isNegative: true), start) }
        if cursor.take("*") { return finish(.other("napla"), start) }
        if cursor.take("<*") { return finish(.other("naplb"), start) }
        if cursor.take("#") {
            guard cursor.takeUntil(UInt8(ascii: ")")) != nil else {
                return giveUp(from: start, "a comment without end")
            }
            return node(.comment, from: start)
        }
        if cursor.isNext("(") { return conditional(start) }
        if cursor.isNext("C") { return giveUp(from: start, "a callout") }
        if let called = call(start) { return called }
        if let (name, range) = name() { return finish(capture(named: name), start, nameRange: range) }
        return options(start)
    }

    private mutating func capture(named name: String?) -> PatternNode.Group {
        groupCount += 1
        return .capture(number: groupCount, name: name)
    }

    /// The inside of a group, and its closing parenthesis.
    private mutating func finish(
        _ group: PatternNode.Group,
        _ start: Int,
        nameRange: Range<Int>? = nil
    ) -> PatternNode {
        let position = captures.count
        func capture(_ end: Int) -> PatternTree.Capture? {
            guard case .capture(let number, let name) = group else { return nil }
            return PatternTree.Capture(number: number, name: name, range: start..<end, nameRange: nameRange)
        }
        if let capture = capture(start) { captures.append(capture) }
        let outer = flags
        let inside = group == .branchReset ? resettingAlternation() : alternation()
        flags = outer
        guard cursor.take(")") else {
            // The inside is lost in it: what is not closed cannot be relied on.
            return giveUp(from: start, "a group that is not closed")
        }
        if let capture = capture(cursor.index), captures.indices.contains(position) {
            captures[position] = capture
        }
        return node(.group(group, inside), from: start)
    }

    /// `<name>`, `P<name>` or `'name'`; nil, and nothing taken, where there is none.
    private mutating func name() -> (name: String, range: Range<Int>)? {
        let start = cursor.index
        let close: UInt8
        if cursor.take("<") || cursor.take("P<") {
            close = UInt8(ascii: ">")
        } else if cursor.take("'") {
            close = UInt8(ascii: "'")
        } else {
            return nil
        }
        if let name = cursor.takeUntil(close), let first = name.first, !ByteSet.digits.contains(first),
            name.allSatisfy(ByteSet.word.contains)
        {
            return (String(decoding: name, as: UTF8.self), name.indices)
        }
        cursor.index = start
        return nil
    }

    /// `(?R)`, `(?1)`, `(?+1)`, `(?&name)`, `(?P>name)`, and the reference `(?P=name)`.
    private mutating func call(_ start: Int) -> PatternNode? {
        let before = cursor.index
        let isReference = cursor.isNext("P=")
        if cursor.take("P=") || cursor.take("P>") || cursor.take("&") {
            if let name = cursor.takeUntil(UInt8(ascii: ")")), case .name(let known)? = reference(name) {
                return node(isReference ? .backreference(.name(known)) : .call(.name(known)), from: start)
            }
        } else if cursor.take("R)") {
            return node(.call(.number(0)), from: start)
        } else if let byte = cursor.next {
            let isSigned = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            let digit = isSigned ? cursor.peek(1) : byte
            if let digit, ByteSet.digits.contains(digit), let inside = cursor.takeUntil(UInt8(ascii: ")")),
                let reference = reference(inside)
            {
                return node(.call(reference), from: start)
            }
        }
        cursor.index = before
        return nil
    }

    /// `(?i)`, `(?i-x:…)`, `(?^)`.
    private mutating func options(_ start: Int) -> PatternNode {
        let first = cursor.index
        var new = flags
        var sets = true
        if cursor.take("^") {
            new = Flags()
            new.ungreedy = flags.ungreedy
        }
        while let byte = cursor.next, byte != UInt8(ascii: ")"), byte != UInt8(ascii: ":") {
            cursor.index += 1
            switch byte {
            case UInt8(ascii: "-"): sets = false
            case UInt8(ascii: "i"): new.ignoresCase = sets
            case UInt8(ascii: "m"): new.multiline = sets
            case UInt8(ascii: "s"): new.dotAll = sets
            case UInt8(ascii: "n"): new.noAutoCapture = sets
            case UInt8(ascii: "U"): new.ungreedy = sets
            case UInt8(ascii: "J"): break
            case UInt8(ascii: "x"):
                let again = cursor.take("x")
                new.extended = sets
                new.extendedMore = sets && again
            default: return giveUp(from: start, "an option that is not known")
            }
        }
        let letters = String(decoding: cursor.text[first..<cursor.index], as: UTF8.self)
        if cursor.take(")") {
            flags = new
            return node(.options(letters), from: start)
        }
        guard cursor.take(":") else { return giveUp(from: start, "a group that is not closed") }
        let outer = flags
        flags = new
        let group = finish(.plain(options: letters), start)
        flags = outer
        return group
    }

    /// `(?(condition)then|otherwise)`
    private mutating func conditional(_ start: Int) -> PatternNode {
        let condition: PatternNode.Condition
        if cursor.isNext("(?") || cursor.isNext("(*") {
            guard case let look = group(), case .group(let kind, _) = look.kind, kind.looksAround else {
                return giveUp(from: start, "a condition that is not known")
            }
            condition = .look(look)
        } else {
            cursor.index += 1
            guard let inside = cursor.takeUntil(UInt8(ascii: ")")) else {
                return giveUp(from: start, "a condition without end")
            }
            condition = Self.condition(inside, reference)
        }
        let outer = flags
        let inside = alternation()
        flags = outer
        guard cursor.take(")") else { return giveUp(from: start, "a group that is not closed") }
        guard case .alternation(let branches) = inside.kind else {
            return node(.conditional(condition, then: inside, otherwise: nil), from: start)
        }
        guard branches.count == 2 else { return node(.unknown("a condition of many branches"), from: start) }
        return node(.conditional(condition, then: branches[0], otherwise: branches[1]), from: start)
    }

    private static func condition(
        _ text: ArraySlice<UInt8>,
        _ reference: (ArraySlice<UInt8>) -> PatternNode.Reference?
    ) -> PatternNode.Condition {
        let written = String(decoding: text, as: UTF8.self)
        if written == "DEFINE" || written.hasPrefix("R") || written.hasPrefix("VERSION") {
            return .other(written)
        }
        var name = text
        let isQuoted = name.first == UInt8(ascii: "<") || name.first == UInt8(ascii: "'")
        if isQuoted, name.count > 2 { name = name.dropFirst().dropLast() }
        return reference(name).map { .reference($0) } ?? .other(written)
    }

    /// `(*VERB)` and `(*name:…)`.
    private mutating func starred(_ start: Int) -> PatternNode {
        cursor.index += 1
        var end = cursor.index
        while end < cursor.text.count, ByteSet.word.contains(cursor.text[end]) { end += 1 }
        let name = String(decoding: cursor.text[cursor.index..<end], as: UTF8.self)
        if end < cursor.text.count, cursor.text[end] == UInt8(ascii: ":"), let group = Self.spelledOut[name] {
            cursor.index = end + 1
            return finish(group, start)
        }
        let isVerb = name.utf8.allSatisfy { ByteSet.upper.contains($0) || !ByteSet.letters.contains($0) }
        guard isVerb, let inside = cursor.takeUntil(UInt8(ascii: ")")) else {
            return giveUp(from: start, "a group that is not known")
        }
        return node(.verb(String(decoding: inside, as: UTF8.self)), from: start)
    }

    private static let spelledOut: [String: PatternNode.Group] = [
        "pla": .lookahead(isNegative: false), "positive_lookahead": .lookahead(isNegative: false),
        "nla": .lookahead(isNegative: true), "negative_lookahead": .lookahead(isNegative: true),
        "plb": .lookbehind(isNegative: false), "positive_lookbehind": .lookbehind(isNegative: false),
        "nlb": .lookbehind(isNegative: true), "negative_lookbehind": .lookbehind(isNegative: true),
        "atomic": .atomic, "napla": .other("napla"), "naplb": .other("naplb"), "sr": .other("sr"),
        "script_run": .other("sr"), "asr": .other("asr"), "atomic_script_run": .other("asr"),
        "non_atomic_positive_lookahead": .other("napla"),
        "non_atomic_positive_lookbehind": .other("naplb"),
    ]
}
