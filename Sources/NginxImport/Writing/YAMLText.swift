/// Text as YAML scalars.
enum YAMLText {
    /// In single quotes; in double quotes if the text has control characters.
    static func quoted(_ text: String) -> String {
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            var out = "\""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "\"": out += "\\\""
                case "\\": out += "\\\\"
                case "\n": out += "\\n"
                case "\t": out += "\\t"
                case "\r": out += "\\r"
                default:
                    if scalar.value < 0x20 || scalar.value == 0x7F {
                        let digits = String(scalar.value, radix: 16)
                        out += "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
                    } else {
                        out.unicodeScalars.append(scalar)
                    }
                }
            }
            return out + "\""
        }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
            + "'"
    }

    /// Without quotes if it needs none.
    static func plain(_ text: String) -> String {
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20),
            text.utf8.allSatisfy({ ValueText.isNameByte($0) || "-./:".utf8.contains($0) }),
            text.utf8.last != UInt8(ascii: ":"),
            !words.contains(text.lowercased())
        else { return quoted(text) }
        return text
    }

    /// Text of a comment: characters that would end the line become spaces.
    static func comment(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }
            )
        )
    }
}
