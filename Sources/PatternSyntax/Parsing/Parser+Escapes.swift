extension Parser {
    /// A backslash and what it makes of what follows, outside of brackets.
    mutating func escape() -> PatternNode {
        let start = cursor.index
        guard let byte = cursor.peek(1) else { return giveUp(from: start, "a backslash at the end") }
        if let set = ByteSet(escape: byte) {
            cursor.index += 2
            return node(.set(set, .escape(byte)), from: start)
        }
        if let anchor = PatternNode.Anchor(escape: byte) {
            cursor.index += 2
            return node(.anchor(anchor), from: start)
        }
        switch byte {
        case UInt8(ascii: "N"):
            cursor.index += 2
            // `\N{U+…}` is a code point.
            if cursor.next == UInt8(ascii: "{") { return giveUp(from: start, "a code point by its name") }
            return node(.set(ByteSet.newline.inverted, .dot), from: start)
        case UInt8(ascii: "C"):
            cursor.index += 2
            return node(.set(.all, .escape(byte)), from: start)
        case UInt8(ascii: "R"):
            cursor.index += 2
            return node(.newlineSequence, from: start)
        case UInt8(ascii: "K"):
            cursor.index += 2
            return node(.matchStart, from: start)
        case UInt8(ascii: "E"):
            cursor.index += 2
            return node(.empty, from: start)
        case UInt8(ascii: "g"), UInt8(ascii: "k"): return referenceEscape(byte)
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            if let reference = digitReference() { return reference }
        default: break
        }
        guard let value = cursor.takeByteEscape() else { return unknownEscape(start) }
        return node(.byte(value, ignoresCase: flags.ignoresCase), from: start)
    }

    private mutating func unknownEscape(_ start: Int) -> PatternNode {
        let byte = cursor.peek(1) ?? UInt8(ascii: "\\")
        cursor.index = min(start + 2, cursor.text.count)
        // `\p{…}`: what is in the braces is part of it.
        if byte == UInt8(ascii: "p") || byte == UInt8(ascii: "P") {
            if cursor.take("{") {
                guard cursor.takeUntil(UInt8(ascii: "}")) != nil else {
                    return giveUp(from: start, "a property without its brace")
                }
            } else if cursor.next != nil {
                cursor.index += 1
            }
            return node(.unknown("a Unicode property"), from: start)
        }
        if cursor.next == UInt8(ascii: "{") { _ = cursor.takeUntil(UInt8(ascii: "}")) }
        return node(.unknown("an escape that is not known"), from: start)
    }

    /// `\1`, where it is not an octal escape.
    private mutating func digitReference() -> PatternNode? {
        let start = cursor.index
        cursor.index += 1
        let first = cursor.next
        guard let number = cursor.takeNumber() else {
            cursor.index = start
            return nil
        }
        let begins = first == UInt8(ascii: "8") || first == UInt8(ascii: "9")
        if number < 10 || begins || number <= groupCount {
            return node(.backreference(.number(number)), from: start)
        }
        cursor.index = start
        return nil
    }

    /// `\g1`, `\g{-1}`, `\g{name}`, `\g<name>`, `\k<name>`.
    private mutating func referenceEscape(_ byte: UInt8) -> PatternNode {
        let start = cursor.index
        cursor.index += 2
        let isCall = byte == UInt8(ascii: "g") && cursor.next != UInt8(ascii: "{")
        let inside: ArraySlice<UInt8>?
        switch cursor.next {
        case UInt8(ascii: "{"):
            cursor.index += 1
            inside = cursor.takeUntil(UInt8(ascii: "}"))
        case UInt8(ascii: "<"):
            cursor.index += 1
            inside = cursor.takeUntil(UInt8(ascii: ">"))
        case UInt8(ascii: "'"):
            cursor.index += 1
            inside = cursor.takeUntil(UInt8(ascii: "'"))
        default:
            guard byte == UInt8(ascii: "g") else { return unknownEscape(start) }
            let sign: UInt8? =
                cursor.next == UInt8(ascii: "-") || cursor.next == UInt8(ascii: "+") ? cursor.next : nil
            if sign != nil { cursor.index += 1 }
            guard let number = cursor.takeNumber() else { return unknownEscape(start) }
            return node(.backreference(.number(absolute(number, sign))), from: start)
        }
        guard let inside, let reference = reference(inside) else {
            return giveUp(from: start, "a reference that cannot be read")
        }
        return node(isCall ? .call(reference) : .backreference(reference), from: start)
    }

    /// `1`, `-1`, `+1`, `name`.
    func reference(_ text: ArraySlice<UInt8>) -> PatternNode.Reference? {
        guard let first = text.first else { return nil }
        var digits = text
        let sign: UInt8? = first == UInt8(ascii: "-") || first == UInt8(ascii: "+") ? first : nil
        if sign != nil { digits.removeFirst() }
        if !digits.isEmpty, digits.count < 7, digits.allSatisfy(ByteSet.digits.contains),
            let number = Int(String(decoding: digits, as: UTF8.self))
        {
            return .number(absolute(number, sign))
        }
        guard text.allSatisfy(ByteSet.word.contains) else { return nil }
        return .name(String(decoding: text, as: UTF8.self))
    }

    private func absolute(_ number: Int, _ sign: UInt8?) -> Int {
        switch sign {
        case UInt8(ascii: "-"): max(0, groupCount + 1 - number)
        case UInt8(ascii: "+"): groupCount + number
        default: number
        }
    }
}
