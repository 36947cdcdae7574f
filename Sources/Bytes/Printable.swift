/// Text from logs, rule files, registries and peers, safe for a terminal and for one line of a log.
package enum Printable {
    /// Escapes characters that could end a line, move the cursor, change colours, or hide what follows.
    package static func text(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) { return text }
        var out = ""
        for scalar in text.unicodeScalars {
            if isPrintable(scalar) { out.unicodeScalars.append(scalar) } else { out += escape(scalar) }
        }
        return out
    }

    /// Whether a character takes part in nothing but the text.
    package static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value < 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
            return false
        default: return true
        }
    }

    /// `\x1b`, `\u{202e}`.
    package static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        if scalar.value > 0xFF { return "\\u{\(digits)}" }
        return "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
    }
}
