/// Texts as YAML on one line, which every YAML reader reads back as the same text.
package enum YAMLText {
    /// A scalar, in quotes where it needs them: as a key, a value or an item, in `{ }` and `[ ]` too.
    ///
    /// A number stays a number, unless readers disagree about it (`01`).
    package static func scalar(_ text: String) -> String { isPlain(text) ? text : quoted(text) }

    /// A scalar in single quotes; in double quotes if the text has characters that need an escape.
    package static func quoted(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: needsEscape) else {
            // By scalars: a quote with a combining mark is one character.
            let doubled = text.unicodeScalars.flatMap { $0 == "'" ? ["'", "'"] : [$0] }
            return "'" + String(String.UnicodeScalarView(doubled)) + "'"
        }
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                out += "\\"
                out.unicodeScalars.append(scalar)
            case "\n": out += "\\n"
            case "\t": out += "\\t"
            case "\r": out += "\\r"
            case _ where needsEscape(scalar):
                let digits = String(scalar.value, radix: 16)
                let count = digits.utf8.count
                out += count <= 2 ? "\\x" : "\\u"
                out += String(repeating: "0", count: (count <= 2 ? 2 : 4) - count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// The text of a comment: characters that would end its line become spaces.
    package static func comment(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { needsEscape($0) ? " " : $0 }))
    }

    /// Control characters, line separators, and what YAML does not allow in a file.
    private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF: true
        default: false
        }
    }

    /// Whether the text needs no quotes, neither for YAML 1.2 nor for readers of older versions.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, isWordByte(first), text.utf8.allSatisfy(isPlainByte) else {
            return false
        }
        // A colon at the end would make a key of it.
        if text.utf8.last == UInt8(ascii: ":") || words.contains(text.lowercased()) { return false }
        return !(text.utf8.count > 1 && first == UInt8(ascii: "0"))
    }

    /// What is not a text in some version of YAML.
    private static let words: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    private static func isPlainByte(_ byte: UInt8) -> Bool {
        isWordByte(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: ":")
    }
}
