import Bytes

/// Reads a template's text: literal bytes, `$1 ${1} $name ${name}`, `$$`.
package struct TemplateParser {
    package enum Part: Equatable {
        /// Bytes that stand for themselves, from this offset of the text on.
        case literal([UInt8], at: Int)
        case number(Int, Range<Int>)
        case name(String, Range<Int>)
    }

    package struct Failure: Error, Equatable {
        package let range: Range<Int>
        package let message: String
        package var hint: String?
    }

    /// - Parameter fields: whether a name may have a second part, in braces: `${header.x-user}`.
    package static func parse(_ text: String, fields: Bool = false) throws(Failure) -> [Part] {
        let bytes = Array(text.utf8)
        var parts: [Part] = []
        var literal: [UInt8] = []
        var literalStart = 0
        var index = 0
        func flush() {
            if !literal.isEmpty { parts.append(.literal(literal, at: literalStart)) }
            literal = []
        }
        while index < bytes.count {
            if literal.isEmpty { literalStart = index }
            guard bytes[index] == UInt8(ascii: "$") else {
                literal.append(bytes[index])
                index += 1
                continue
            }
            if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "$") {
                literal.append(UInt8(ascii: "$"))
                index += 2
                continue
            }
            flush()
            let (part, end) = try reference(bytes, at: index, fields: fields)
            parts.append(part)
            index = end
        }
        flush()
        return parts
    }

    /// The reference whose `$` stands at `start`, and where it ends.
    private static func reference(
        _ bytes: [UInt8],
        at start: Int,
        fields: Bool
    ) throws(Failure) -> (Part, Int) {
        let braced = start + 1 < bytes.count && bytes[start + 1] == UInt8(ascii: "{")
        let nameStart = start + (braced ? 2 : 1)
        var end = nameStart
        if end < bytes.count, ASCII.isDigit(bytes[end]) {
            while end < bytes.count, ASCII.isDigit(bytes[end]) { end += 1 }
        } else {
            while end < bytes.count, ASCII.isWord(bytes[end]) { end += 1 }
            if fields, braced, end > nameStart, end < bytes.count, bytes[end] == ASCII.dot {
                while end < bytes.count, ASCII.isToken(bytes[end]) { end += 1 }
            }
        }
        guard end > nameStart else {
            throw Failure(
                range: start..<min(nameStart, bytes.count),
                message: "`$` without a name after it",
                hint: "write `$$` for a dollar, `$name` or `${name}` for a capture"
            )
        }
        let name = String(decoding: bytes[nameStart..<end], as: UTF8.self)
        if braced {
            guard end < bytes.count, bytes[end] == UInt8(ascii: "}") else {
                throw Failure(range: start..<end, message: "`${` without its `}`")
            }
            end += 1
        }
        if ASCII.isDigit(bytes[nameStart]) {
            // No pattern has a group of so large a number.
            return (.number(Int(name) ?? .max, start..<end), end)
        }
        return (.name(name, start..<end), end)
    }
}
