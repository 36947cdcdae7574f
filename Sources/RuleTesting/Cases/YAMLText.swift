/// Texts as YAML scalars that read back as the same text, also inside `{ }` and `[ ]`.
enum YAMLText {
    static func scalar(_ text: String) -> String {
        if isPlain(text) { return text }
        if text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }) {
            return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
                + "'"
        }
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": out += "\\" + String(scalar)
            case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                out += "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }

    /// Whether the text needs no quotes. Texts that some readers take for numbers, like `01`, need them.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, isWordByte(first), text.utf8.allSatisfy(isPlainByte) else {
            return false
        }
        // A colon at the end would make it a key.
        if text.utf8.last == UInt8(ascii: ":") { return false }
        if ["null", "true", "false", "yes", "no", "on", "off"].contains(text.lowercased()) { return false }
        return !(text.utf8.count > 1 && first == UInt8(ascii: "0"))
    }

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
