/// A position in a pattern's text, and what is read from there on.
struct PatternCursor {
    let text: [UInt8]
    /// Up to `text.count`.
    var index = 0

    init(_ text: [UInt8]) {
        self.text = text
    }

    var isAtEnd: Bool { index >= text.count }

    var next: UInt8? { index < text.count ? text[index] : nil }

    func peek(_ ahead: Int) -> UInt8? {
        index + ahead < text.count ? text[index + ahead] : nil
    }

    /// Whether a backslash and this letter come next.
    func isEscape(_ letter: UInt8) -> Bool {
        next == UInt8(ascii: "\\") && peek(1) == letter
    }

    func isNext(_ word: StaticString) -> Bool {
        guard text.count - index >= word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { bytes in
            bytes.indices.allSatisfy { text[index + $0] == bytes[$0] }
        }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        index += 1
        return true
    }

    mutating func take(_ word: StaticString) -> Bool {
        guard isNext(word) else { return false }
        index += word.utf8CodeUnitCount
        return true
    }

    /// The bytes up to `close`, which is taken too; nil, and nothing taken, if there is none.
    mutating func takeUntil(_ close: UInt8) -> ArraySlice<UInt8>? {
        guard let end = text[index...].firstIndex(of: close) else { return nil }
        defer { index = end + 1 }
        return text[index..<end]
    }

    /// Takes bytes as long as they belong to a set.
    mutating func skip(_ set: ByteSet) {
        while let byte = next, set.contains(byte) { index += 1 }
    }

    /// A decimal number. Digits after its first six are not taken.
    mutating func takeNumber() -> Int? {
        var value: Int?
        while let byte = next, ByteSet.digits.contains(byte), value ?? 0 < 100_000 {
            value = (value ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
            index += 1
        }
        return value
    }

    /// A byte's value in up to `max` digits; nil if there are none, or the value is above 255.
    private mutating func takeDigits(radix: Int, max: Int) -> UInt8? {
        let start = index
        var value = 0
        while index - start < max, let byte = next, let digit = Self.digit(byte), digit < radix {
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

    /// An escape that means one byte, in brackets or not; nil, and nothing taken, if the next escape does not.
    mutating func takeByteEscape() -> UInt8? {
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
            if let value = takeDigits(radix: 8, max: 3) { return value }
        case UInt8(ascii: "o"):
            if take("{"), let value = takeDigits(radix: 8, max: 12), take("}") { return value }
        case UInt8(ascii: "x"):
            if take("{") {
                if let value = takeDigits(radix: 16, max: 12), take("}") { return value }
            } else {
                return takeDigits(radix: 16, max: 2) ?? 0
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
}
