/// Percent-encoding (RFC 3986 §2.1) of a segment of a URL's path.
package enum PercentEncoding {
    /// Every byte but ASCII letters and digits becomes `%XX`: what results means the same in each part of a URL.
    package static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            if ASCII.isLetterOrDigit(byte) {
                bytes.append(byte)
            } else {
                bytes += [ASCII.percent] + [byte].hexadecimal
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Returns: nil where a `%` has no two hexadecimal digits after it, or the bytes are not UTF-8.
    package static func decoded(_ text: some StringProtocol) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == ASCII.percent else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(ASCII.hexValue),
                let low = rest.popFirst().flatMap(ASCII.hexValue)
            else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
