/// A piece of a value with variables.
enum Part: Hashable {
    case literal(String)
    /// A variable that the request or a map gives; lower case.
    case variable(String)
    /// A group of an expression, by its id.
    case capture(regex: Int, number: Int)
    /// What stands in the text as `$1`, without an expression in sight yet.
    case number(Int)
}

enum ValueText {
    /// Reads `$name`, `${name}` and `$1`: nginx takes one digit.
    static func parse(_ text: String) -> [Part] {
        let bytes = Array(text.utf8)
        var parts: [Part] = []
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

    /// With neighbouring literals as one, and without empty ones.
    static func joined(_ parts: [Part]) -> [Part] {
        var result: [Part] = []
        for part in parts {
            if case .literal(let text) = part {
                if text.isEmpty { continue }
                if case .literal(let before)? = result.last {
                    result[result.count - 1] = .literal(before + text)
                    continue
                }
            }
            result.append(part)
        }
        return result
    }

    /// The text, when nothing is to be filled in.
    static func literal(_ parts: [Part]) -> String? {
        var text = ""
        for part in parts {
            guard case .literal(let piece) = part else { return nil }
            text += piece
        }
        return text
    }
}

/// Why a part of the configuration is not translated.
struct Untranslatable: Error {
    let what: String
    let place: NginxPlace
    let why: String

    init(_ what: String, at place: NginxPlace, _ why: String) {
        self.what = what
        self.place = place
        self.why = why
    }
}
