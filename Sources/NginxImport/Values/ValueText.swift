/// Values as text.
enum ValueText {
    /// Parses `$name`, `${name}` and `$1`. As in nginx, a number has one digit.
    static func parse(_ text: String) -> [ValuePart] {
        let bytes = Array(text.utf8)
        var parts: [ValuePart] = []
        var literal: [UInt8] = []
        func flush() {
            if !literal.isEmpty { parts.append(.literal(String(decoding: literal, as: UTF8.self))) }
            literal = []
        }
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "$"), index + 1 < bytes.count else {
                literal.append(bytes[index])
                index += 1
                continue
            }
            var start = index + 1
            if bytes[start] >= UInt8(ascii: "1"), bytes[start] <= UInt8(ascii: "9") {
                flush()
                parts.append(.number(Int(bytes[start] - UInt8(ascii: "0"))))
                index = start + 1
                continue
            }
            let braced = bytes[start] == UInt8(ascii: "{")
            if braced { start += 1 }
            var end = start
            while end < bytes.count, isNameByte(bytes[end]) { end += 1 }
            guard end > start, !braced || (end < bytes.count && bytes[end] == UInt8(ascii: "}")) else {
                literal.append(bytes[index])
                index += 1
                continue
            }
            flush()
            parts.append(.variable(String(decoding: bytes[start..<end], as: UTF8.self).lowercased()))
            index = braced ? end + 1 : end
        }
        flush()
        return parts
    }

    static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Merges adjacent literals and removes empty ones.
    static func joined(_ parts: [ValuePart]) -> [ValuePart] {
        var result: [ValuePart] = []
        for part in parts {
            if case .literal(let text) = part {
                if text.isEmpty { continue }
                if case .literal(let previous)? = result.last {
                    result[result.count - 1] = .literal(previous + text)
                    continue
                }
            }
            result.append(part)
        }
        return result
    }

    /// The text, if the value has literals only.
    static func literal(_ parts: [ValuePart]) -> String? {
        var text = ""
        for part in parts {
            guard case .literal(let piece) = part else { return nil }
            text += piece
        }
        return text
    }

    /// The groups in the values.
    static func captures(_ values: [[ValuePart]]) -> Set<ValuePart> {
        Set(values.joined().filter { if case .capture = $0 { true } else { false } })
    }
}

extension String {
    /// As literal text of a template.
    var escapedForTemplate: String {
        split(separator: "$", omittingEmptySubsequences: false).joined(separator: "$$")
    }
}
