/// The style of a scalar in the file.
package enum ScalarStyle: Sendable {
    case plain, singleQuoted, doubleQuoted
    /// `|` and `>`.
    case block
}

/// The offsets of a scalar's bytes in the file: the seventh byte of a pattern may be the ninth of
/// its token, after a quote and an escape.
///
/// Exact for scalars on one line; of others only the start is known.
struct ScalarSource {
    /// The token without its anchor and tag, from its first quote to its last.
    let token: Range<Int>
    /// The offset of each byte of the value, then of its end.
    /// Nil where these are not known (block scalars, folded lines).
    private let map: [Int]?

    /// - Parameters:
    ///   - start: where the YAML node begins; an anchor or a tag may come first.
    ///   - value: the scalar as YAML reads it.
    init(_ source: SourceText, start: Int, style: ScalarStyle, value: String) {
        let bytes = source.bytes
        let start = Self.skipProperties(bytes, from: start)
        switch style {
        case .plain:
            let value = Array(value.utf8)
            let end = start + value.count
            if end <= bytes.count, Array(bytes[start..<end]) == value {
                token = start..<end
                map = Array(start...end)
            } else {
                token = Self.restOfLine(source, from: start)
                map = nil
            }
        case .singleQuoted, .doubleQuoted:
            let quoted = Self.quoted(bytes, from: start, doubled: style == .doubleQuoted)
            token = quoted.map { start..<$0.end } ?? Self.restOfLine(source, from: start)
            map = quoted?.map.count == value.utf8.count + 1 ? quoted?.map : nil
        case .block:
            token = start..<min(start + 1, bytes.count)
            map = nil
        }
    }

    /// The file's bytes for the value's bytes of `part`, at least one byte; past the
    /// value's end it is where the value ends.
    func range(of part: Range<Int>) -> Range<Int> {
        guard let map, let last = map.indices.last else { return token }
        let first = min(max(0, part.lowerBound), last)
        let end = min(max(first, part.upperBound), last)
        return map[first]..<max(map[end], map[first] + 1)
    }

    /// The offset after `&anchor` and `!tag`.
    private static func skipProperties(_ bytes: [UInt8], from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] == UInt8(ascii: "&") || bytes[index] == UInt8(ascii: "!") {
            while index < bytes.count, !isBlank(bytes[index]) { index += 1 }
            while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        }
        return index
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    private static func restOfLine(_ source: SourceText, from start: Int) -> Range<Int> {
        let line = source.line(source.position(of: start).line)
        return start..<max(start, line.upperBound)
    }

    /// - Returns: where the token ends, and where each byte of the value comes from; nil
    ///   when the scalar does not end on its line.
    private static func quoted(_ bytes: [UInt8], from start: Int, doubled: Bool) -> (end: Int, map: [Int])? {
        let quote = doubled ? UInt8(ascii: "\"") : UInt8(ascii: "'")
        guard start < bytes.count, bytes[start] == quote else { return nil }
        var map: [Int] = []
        var index = start + 1
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x0A || byte == 0x0D { return nil }
            if byte == quote {
                if !doubled, index + 1 < bytes.count, bytes[index + 1] == quote {
                    map.append(index)
                    index += 2
                    continue
                }
                map.append(index)
                return (index + 1, map)
            }
            if doubled, byte == UInt8(ascii: "\\"), index + 1 < bytes.count {
                let (length, produced) = escape(bytes, at: index + 1)
                map.append(contentsOf: repeatElement(index, count: produced))
                index += 1 + length
                continue
            }
            map.append(index)
            index += 1
        }
        return nil
    }

    /// The length of an escape after its backslash, and the number of bytes of UTF-8 it stands for.
    private static func escape(_ bytes: [UInt8], at index: Int) -> (length: Int, produced: Int) {
        let digits: Int
        switch bytes[index] {
        case UInt8(ascii: "x"): digits = 2
        case UInt8(ascii: "u"): digits = 4
        case UInt8(ascii: "U"): digits = 8
        case UInt8(ascii: "N"), UInt8(ascii: "_"): return (1, 2)  // NEL, no-break space
        case UInt8(ascii: "L"), UInt8(ascii: "P"): return (1, 3)  // line and paragraph separator
        default: return (1, 1)
        }
        let end = min(bytes.count, index + 1 + digits)
        let hex = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
        guard let value = UInt32(hex, radix: 16), let scalar = Unicode.Scalar(value) else {
            return (1 + digits, 1)
        }
        return (1 + digits, UTF8.width(scalar))
    }
}
