import PatternLanguages
import PatternSyntax

/// Sets of bytes in words.
enum ClassDescription {
    static func words(_ set: ByteSet, _ spelling: PatternNode.SetSpelling) -> String {
        switch spelling {
        case .dot: return "any character"
        case .brackets(isNegated: true): return "anything but " + ranges(set.inverted)
        case .escape(UInt8(ascii: "D")): return "anything but a digit"
        case .escape(UInt8(ascii: "W")): return "anything but a letter, digit or `_`"
        case .escape(UInt8(ascii: "S")): return "anything but a blank"
        case .escape(UInt8(ascii: "d")): return "a digit"
        case .escape(UInt8(ascii: "w")): return "a letter, digit or `_`"
        case .escape(UInt8(ascii: "s")): return "a blank"
        case .brackets, .escape: return ranges(set)
        }
    }

    /// `a-z 0-9 _`; letters in lower case alone where both cases are there.
    private static func ranges(_ set: ByteSet) -> String {
        var bytes = set.bytes
        let upper = bytes.filter(ByteSet.upper.contains)
        if upper.allSatisfy({ set.contains($0 | 0x20) }) { bytes.removeAll(where: ByteSet.upper.contains) }
        var parts: [String] = []
        var index = 0
        while index < bytes.count {
            var end = index
            while end + 1 < bytes.count, bytes[end + 1] == bytes[end] &+ 1 { end += 1 }
            if end - index >= 2 {
                parts.append("\(shown(bytes[index]))-\(shown(bytes[end]))")
            } else {
                for at in index...end { parts.append(shown(bytes[at])) }
            }
            index = end + 1
        }
        if parts.isEmpty { return "no character at all" }
        // Letters first, as people write them.
        let letters = parts.filter { $0.utf8.first.map(ByteSet.letters.contains) ?? false }
        let rest = parts.filter { !($0.utf8.first.map(ByteSet.letters.contains) ?? false) }
        return "`" + (letters + rest).joined(separator: " ") + "`"
    }

    static func shown(_ byte: UInt8) -> String {
        if byte == 0x20 { return "\u{2423}" }
        if byte > 0x20, byte < 0x7F { return String(UnicodeScalar(byte)) }
        let digits = String(byte, radix: 16, uppercase: true)
        return "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
    }
}
