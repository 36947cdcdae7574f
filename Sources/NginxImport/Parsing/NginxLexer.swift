import Routing

/// Splits a configuration into words, `;`, `{` and `}`, as nginx does.
struct NginxLexer {
    enum Token {
        case word(Word)
        case semicolon
        case open
        case close
        case end
    }

    let file: String
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var lineStart = 0

    init(_ bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// The position of the next byte.
    var position: SourceLocation { SourceLocation(file: file, line: line, column: index - lineStart + 1) }

    func failure(_ message: String, at position: SourceLocation, hint: String? = nil) -> NginxError {
        var start = 0
        var number = 1
        while number < position.line, let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            start = end + 1
            number += 1
        }
        let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        // The beginning of a very long line is enough to find it.
        let text = String(decoding: bytes[start..<min(end, start + 400)], as: UTF8.self)
        return NginxError(message, at: position, line: text, hint: hint)
    }

    /// The position of the token that `next()` returned last.
    private(set) var tokenPosition = SourceLocation(file: "", line: 1, column: 1)

    mutating func next() throws(NginxError) -> Token {
        skipBlanks()
        tokenPosition = position
        guard index < bytes.count else { return .end }
        switch bytes[index] {
        case UInt8(ascii: ";"):
            advance()
            return .semicolon
        case UInt8(ascii: "{"):
            advance()
            return .open
        case UInt8(ascii: "}"):
            advance()
            return .close
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            return .word(try quoted(bytes[index]))
        default:
            return .word(try plain())
        }
    }

    /// Skips the content of a block in another language, up to its closing brace.
    mutating func skipForeignBlock() throws(NginxError) {
        let start = tokenPosition
        var depth = 1
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "{") { depth += 1 }
            if bytes[index] == UInt8(ascii: "}") { depth -= 1 }
            advance()
            if depth == 0 { return }
        }
        throw failure("this block is not closed", at: start)
    }

    private mutating func advance() {
        if bytes[index] == UInt8(ascii: "\n") {
            line += 1
            lineStart = index + 1
        }
        index += 1
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private mutating func skipBlanks() {
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "#") {
                while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
            } else if Self.isBlank(bytes[index]) {
                advance()
            } else {
                return
            }
        }
    }

    private mutating func quoted(_ quote: UInt8) throws(NginxError) -> Word {
        let start = position
        advance()
        let first = index
        while index < bytes.count, bytes[index] != quote {
            if bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count { advance() }
            advance()
        }
        guard index < bytes.count else { throw failure("this quote is not closed", at: start) }
        let word = try word(bytes[first..<index], at: start)
        advance()
        if index < bytes.count {
            let byte = bytes[index]
            let mayFollow = Self.isBlank(byte) || ";{)".utf8.contains(byte)
            guard mayFollow else {
                throw failure(
                    "unexpected `\(Character(Unicode.Scalar(byte)))` after the closing quote",
                    at: position,
                    hint: "a space, `;` or `{` may follow"
                )
            }
        }
        return word
    }

    private mutating func plain() throws(NginxError) -> Word {
        let start = position
        let first = index
        var afterDollar = false
        while index < bytes.count {
            let byte = bytes[index]
            // `${name}` is part of a word.
            if byte == UInt8(ascii: "{"), afterDollar {
                afterDollar = false
                advance()
                continue
            }
            afterDollar = false
            if Self.isBlank(byte) || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "{") { break }
            if byte == UInt8(ascii: "\\"), index + 1 < bytes.count { advance() }
            if byte == UInt8(ascii: "$") { afterDollar = true }
            advance()
        }
        return try word(bytes[first..<index], at: start)
    }

    /// Decodes the escapes that nginx has; any other backslash stays.
    private func word(_ raw: ArraySlice<UInt8>, at position: SourceLocation) throws(NginxError) -> Word {
        var text: [UInt8] = []
        text.reserveCapacity(raw.count)
        var at = raw.startIndex
        while at < raw.endIndex {
            if raw[at] == UInt8(ascii: "\\"), at + 1 < raw.endIndex {
                switch raw[at + 1] {
                case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "\\"): at += 1
                case UInt8(ascii: "t"):
                    text.append(0x09)
                    at += 2
                    continue
                case UInt8(ascii: "r"):
                    text.append(0x0D)
                    at += 2
                    continue
                case UInt8(ascii: "n"):
                    text.append(0x0A)
                    at += 2
                    continue
                default: break
                }
            }
            text.append(raw[at])
            at += 1
        }
        guard !text.contains(0), let string = String(validating: text, as: UTF8.self) else {
            throw failure("this is not UTF-8 text", at: position, hint: "save the file as UTF-8")
        }
        return Word(text: string, position: position)
    }
}
