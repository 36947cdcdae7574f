import Bytes

/// Leaves the values of some parameters out of a URL's query: `/a?token=x&b=1` becomes `/a?token=[redacted]&b=1`.
enum QueryRedaction {
    static let mark = Array("[redacted]".utf8)

    /// - Parameters:
    ///   - text: a URL, or anything else: what follows `?`, `&` or `;` up to a `=` counts as the name of a parameter.
    ///   - isField: a URL in it may end before the text does, at a space, `"` or `>`.
    ///   - names: in lower case. Names in the text are compared percent-decoded, and case is ignored.
    static func append(
        _ text: Span<UInt8>,
        isField: Bool,
        without names: [[UInt8]],
        to out: inout [UInt8]
    ) {
        guard !names.isEmpty else { return out.append(text) }
        var index = 0
        var nameStart: Int?
        while index < text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "?"), UInt8(ascii: "&"), UInt8(ascii: ";"), UInt8(ascii: "#"):
                nameStart = index + 1
            case UInt8(ascii: "="):
                if let start = nameStart, isRedacted(text.extracting(start..<index), names) {
                    out.append(byte)
                    out.append(contentsOf: mark)
                    index = valueEnd(text, from: index + 1, isField: isField)
                    nameStart = nil
                    continue
                }
                nameStart = nil
            default: break
            }
            out.append(byte)
            index += 1
        }
    }

    /// A `;` belongs to the value for most servers.
    private static func valueEnd(_ text: Span<UInt8>, from start: Int, isField: Bool) -> Int {
        var index = start
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "&"), UInt8(ascii: "#"): return index
            case UInt8(ascii: "\""), UInt8(ascii: ">"), ASCII.space:
                if isField { return index }
                index += 1
            default: index += 1
            }
        }
        return index
    }

    private static func isRedacted(_ name: Span<UInt8>, _ names: [[UInt8]]) -> Bool {
        var decoded: [UInt8] = []
        var index = 0
        while index < name.count {
            let byte = name[index]
            if byte == UInt8(ascii: "%"), index + 2 < name.count, let high = ASCII.hexValue(name[index + 1]),
                let low = ASCII.hexValue(name[index + 2])
            {
                decoded.append(ASCII.lowercased(high << 4 | low))
                index += 3
            } else {
                decoded.append(ASCII.lowercased(byte))
                index += 1
            }
        }
        return names.contains(decoded)
    }
}
