import Bytes

/// A body that is text: valid UTF-8 without NUL. It is written in ASCII, so that nothing in it reaches a terminal.
struct BodyText {
    private let scalars: Substring.UnicodeScalarView

    /// - Parameter isCut: the body goes on: its last character may be incomplete, and is then left out.
    init?(_ bytes: Span<UInt8>, isCut: Bool) {
        let count = isCut ? Self.wholeCharacters(bytes) : bytes.count
        let whole = [UInt8](copying: bytes.extracting(first: count))
        guard !whole.contains(0), let text = String(validating: whole, as: UTF8.self) else { return nil }
        scalars = text[...].unicodeScalars
    }

    /// How many bytes there are before an incomplete character at the end.
    private static func wholeCharacters(_ bytes: Span<UInt8>) -> Int {
        var start = bytes.count
        // A character has at most three bytes after its first one.
        for _ in 0..<3 where start > 0 && bytes[start - 1] & 0xC0 == 0x80 { start -= 1 }
        guard start > 0 else { return bytes.count }
        let first = bytes[start - 1]
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
        return bytes.count - start + 1 < length ? start - 1 : bytes.count
    }

    /// The inside of a JSON string (RFC 8259 §7).
    func write(to out: LogLine) {
        for scalar in scalars {
            switch scalar {
            case "\"": out.append("\\\"")
            case "\\": out.append("\\\\")
            case "\n": out.append("\\n")
            case "\r": out.append("\\r")
            case "\t": out.append("\\t")
            case "\u{20}"..."\u{7E}": out.append(byte: UInt8(truncatingIfNeeded: scalar.value))
            default:
                for unit in UTF16.encode(scalar).map(Array.init) ?? [] { Self.append(unit, out) }
            }
        }
    }

    private static func append(_ unit: UInt16, _ out: LogLine) {
        out.append("\\u")
        for shift in [12, 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: unit >> UInt16(shift) & 0xF)
            out.append(byte: digit < 10 ? ASCII.zero + digit : UInt8(ascii: "a") + (digit - 10))
        }
    }
}

/// RFC 4648 §4.
enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func append(_ bytes: Span<UInt8>, to out: LogLine) {
        var index = 0
        while index < bytes.count {
            let count = min(3, bytes.count - index)
            var bits: UInt32 = 0
            for offset in 0..<3 { bits = bits << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0) }
            for digit in 0..<4 {
                let value = Int(bits >> UInt32(18 - 6 * digit) & 0x3F)
                out.append(byte: digit <= count ? digits[value] : UInt8(ascii: "="))
            }
            index += 3
        }
    }
}
