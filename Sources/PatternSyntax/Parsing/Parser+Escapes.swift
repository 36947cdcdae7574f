extension Parser {
    /// A backslash and what it makes of what follows, outside of brackets.
    mutating func escape() -> PatternNode {
        let start = index
        guard let byte = peek(1) else { return giveUp(from: start, "a backslash at the end") }
        if let set = Self.setEscape(byte) {
            index += 2
            return node(.set(set, byte == UInt8(ascii: "N") ? .dot : .escape(byte)), from: start)
        }
        if let anchor = Self.anchors[byte] {
            index += 2
            return node(.anchor(anchor), from: start)
        }
        switch byte {
        case UInt8(ascii: "N"):
            index += 2
            // `\N{U+…}` is a code point.
            if next == UInt8(ascii: "{") { return giveUp(from: start, "a code point by its name") }
            return node(.set(ByteSet.newline.inverted, .dot), from: start)
        case UInt8(ascii: "C"):
            index += 2
            return node(.set(.all, .escape(byte)), from: start)
        case UInt8(ascii: "R"):
            index += 2
            return node(.newlineSequence, from: start)
        case UInt8(ascii: "K"):
            index += 2
            return node(.matchStart, from: start)
        case UInt8(ascii: "E"):
            index += 2
            return node(.empty, from: start)
        case UInt8(ascii: "g"), UInt8(ascii: "k"): return referenceEscape(byte)
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            if let reference = digitReference() { return reference }
        default: break
        }
        guard let value = byteEscape() else { return unknownEscape(start) }
        return node(.byte(value, ignoresCase: flags.ignoresCase), from: start)
    }

    private mutating func unknownEscape(_ start: Int) -> PatternNode {
        let byte = peek(1) ?? UInt8(ascii: "\\")
        index = min(start + 2, text.count)
        // `\p{…}`: what is in the braces is part of it.
        if byte == UInt8(ascii: "p") || byte == UInt8(ascii: "P") {
            if take("{") {
                guard takeUntil(UInt8(ascii: "}")) != nil else {
                    return giveUp(from: start, "a property without its brace")
                }
            } else if next != nil {
                index += 1
            }
            return node(.unknown("a Unicode property"), from: start)
        }
        if next == UInt8(ascii: "{") { _ = takeUntil(UInt8(ascii: "}")) }
        return node(.unknown("an escape that is not known"), from: start)
    }

    private static let anchors: [UInt8: PatternNode.Anchor] = [
        UInt8(ascii: "A"): .subjectStart, UInt8(ascii: "z"): .subjectEnd,
        UInt8(ascii: "Z"): .subjectEndOrNewline, UInt8(ascii: "G"): .searchStart,
        UInt8(ascii: "b"): .wordBoundary, UInt8(ascii: "B"): .notWordBoundary,
    ]

    /// `\d` and the like.
    static func setEscape(_ byte: UInt8) -> ByteSet? {
        switch byte {
        case UInt8(ascii: "d"): .digits
        case UInt8(ascii: "D"): ByteSet.digits.inverted
        case UInt8(ascii: "w"): .word
        case UInt8(ascii: "W"): ByteSet.word.inverted
        case UInt8(ascii: "s"): .space
        case UInt8(ascii: "S"): ByteSet.space.inverted
        case UInt8(ascii: "h"): .horizontalSpace
        case UInt8(ascii: "H"): ByteSet.horizontalSpace.inverted
        case UInt8(ascii: "v"): .verticalSpace
        case UInt8(ascii: "V"): ByteSet.verticalSpace.inverted
        default: nil
        }
    }

    /// An escape that stands for one byte, in brackets or not; nothing is taken where it is none.
    mutating func byteEscape() -> UInt8? {
        guard let byte = peek(1) else { return nil }
        let start = index
        index += 2
        switch byte {
        case UInt8(ascii: "a"): return 0x07
        case UInt8(ascii: "e"): return 0x1B
        case UInt8(ascii: "f"): return 0x0C
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            index -= 1
            if let value = takeDigits(radix: 8, atMost: 3) { return value }
        case UInt8(ascii: "o"):
            if take("{"), let value = takeDigits(radix: 8, atMost: 12), take("}") { return value }
        case UInt8(ascii: "x"):
            if take("{") {
                if let value = takeDigits(radix: 16, atMost: 12), take("}") { return value }
            } else {
                return takeDigits(radix: 16, atMost: 2) ?? 0
            }
        case UInt8(ascii: "c"):
            if let control = next, (0x20...0x7E).contains(control) {
                index += 1
                let upper = ByteSet.lower.contains(control) ? control - 0x20 : control
                return upper ^ 0x40
            }
        default:
            let isPlain = byte < 0x80 && !ByteSet.letters.contains(byte) && !ByteSet.digits.contains(byte)
            if isPlain { return byte }
        }
        index = start
        return nil
    }

    private mutating func takeDigits(radix: Int, atMost: Int) -> UInt8? {
        let start = index
        var value = 0
        while index - start < atMost, let byte = next, let digit = Self.digit(byte), digit < radix {
            value = min(value * radix + digit, 1 << 20)
            index += 1
        }
        return index > start ? UInt8(exactly: value) : nil
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    /// `\1`, where it is no octal escape.
    private mutating func digitReference() -> PatternNode? {
        let start = index
        index += 1
        let first = next
        guard let number = takeNumber() else {
            index = start
            return nil
        }
        let begins = first == UInt8(ascii: "8") || first == UInt8(ascii: "9")
        if number < 10 || begins || number <= groupCount {
            return node(.backreference(.number(number)), from: start)
        }
        index = start
        return nil
    }

    /// `\g1`, `\g{-1}`, `\g{name}`, `\g<name>`, `\k<name>`.
    private mutating func referenceEscape(_ byte: UInt8) -> PatternNode {
        let start = index
        index += 2
        let isCall = byte == UInt8(ascii: "g") && next != UInt8(ascii: "{")
        let inside: [UInt8]?
        switch next {
        case UInt8(ascii: "{"):
            index += 1
            inside = takeUntil(UInt8(ascii: "}"))
        case UInt8(ascii: "<"):
            index += 1
            inside = takeUntil(UInt8(ascii: ">"))
        case UInt8(ascii: "'"):
            index += 1
            inside = takeUntil(UInt8(ascii: "'"))
        default:
            guard byte == UInt8(ascii: "g") else { return unknownEscape(start) }
            let sign: UInt8? = next == UInt8(ascii: "-") || next == UInt8(ascii: "+") ? next : nil
            if sign != nil { index += 1 }
            guard let number = takeNumber() else { return unknownEscape(start) }
            return node(.backreference(.number(absolute(number, sign))), from: start)
        }
        guard let inside, let reference = reference(inside) else {
            return giveUp(from: start, "a reference that cannot be read")
        }
        return node(isCall ? .call(reference) : .backreference(reference), from: start)
    }

    /// `1`, `-1`, `+1`, `name`.
    func reference(_ text: [UInt8]) -> PatternNode.Reference? {
        guard let first = text.first else { return nil }
        var digits = text[...]
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
