/// Checks of the text that a rule itself writes into URLs.
enum URLText {
    /// A path: visible ASCII, and neither query nor fragment.
    static func checkPath(
        _ parts: [TemplateParser.Part],
        mustBeginWithSlash: Bool
    ) throws(TemplateParser.Failure) {
        try checkVisible(parts)
        if mustBeginWithSlash {
            let begins: Bool
            switch parts.first {
            case .literal(let bytes, _): begins = bytes.first == UInt8(ascii: "/")
            case .number, .name: begins = true
            case nil: begins = false
            }
            guard begins else {
                throw TemplateParser.Failure(range: 0..<0, message: "the path does not begin with `/`")
            }
        }
        for case .literal(let bytes, let start) in parts {
            for (offset, byte) in bytes.enumerated()
            where byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#") {
                let position = start + offset
                throw TemplateParser.Failure(
                    range: position..<(position + 1),
                    message: "a path cannot contain `\(Character(Unicode.Scalar(byte)))`",
                    hint: "the query is forwarded unchanged"
                )
            }
        }
    }

    /// Only bytes that a URL may contain.
    static func checkVisible(_ parts: [TemplateParser.Part]) throws(TemplateParser.Failure) {
        for case .literal(let bytes, let start) in parts {
            for (offset, byte) in bytes.enumerated()
            where byte <= 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\\") {
                let position = start + offset
                throw TemplateParser.Failure(
                    range: position..<(position + 1),
                    message: "a URL cannot have this character",
                    hint: "percent-encode it"
                )
            }
        }
    }
}
