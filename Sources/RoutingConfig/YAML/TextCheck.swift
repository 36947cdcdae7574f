/// Decodes the bytes of a file, or reports the first byte that is not text.
///
/// What libyaml would refuse is refused here, where the location is known.
package enum TextCheck {
    /// - Returns: the text without a byte order mark, or nil after reporting an error.
    package static func text(_ bytes: [UInt8], file: String, findings: DiagnosticCollector) -> SourceText? {
        var bytes = bytes[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        if bytes.starts(with: [0xFE, 0xFF]) || bytes.starts(with: [0xFF, 0xFE]) {
            let hint = "save it as UTF-8"
            findings.add(
                Diagnostic(code: .badEncoding, file: file, message: "this file is UTF-16", hint: hint)
            )
            return nil
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let source = SourceText(file: file, text: text)
        if let offset = firstInvalid(bytes) {
            // A broken byte became one replacement character; what precedes it is as it was.
            let byte = hex(UInt32(bytes[bytes.startIndex + offset]))
            let message = "this is not UTF-8 (the byte 0x\(byte))"
            findings.add(
                source.diagnostic(.badEncoding, at: offset..<offset, message, hint: "save the file as UTF-8")
            )
            return nil
        }
        var offset = 0
        for scalar in text.unicodeScalars {
            if !isAllowed(scalar) {
                let message = "the control character U+\(hex(scalar.value, width: 4)) is not allowed in YAML"
                let hint = "remove it; in double quotes it can be written \"\\x\(hex(scalar.value))\""
                findings.add(source.diagnostic(.badEncoding, at: offset..<offset, message, hint: hint))
                return nil
            }
            offset += UTF8.width(scalar)
        }
        return source
    }

    /// The offset of the first byte that does not start a valid sequence.
    private static func firstInvalid(_ bytes: ArraySlice<UInt8>) -> Int? {
        guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var offset = 0
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar): offset += UTF8.width(scalar)
            case .emptyInput: return nil
            case .error: return offset
            }
        }
    }

    /// YAML's printable characters (YAML 1.2 §5.1), as libyaml reads them.
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFFFD: scalar.value != 0xFEFF
        case 0x10000...0x10FFFF: true
        default: false
        }
    }

    private static func hex(_ value: UInt32, width: Int = 2) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
