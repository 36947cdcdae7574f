import Bytes

/// The authority of a request: `Host`, or that of an absolute target. RFC 9110 §7.2, RFC 3986 §3.2.
enum Authority {
    /// Whether the bytes are a host with an optional port: letters, digits, `-._~`, or an IPv6 address in brackets.
    /// Percent-encoding and sub-delimiters, which RFC 3986 allows in a name, are not accepted: no DNS name has
    /// them, and readers disagree on them. Nor are user names.
    static func isValid(_ bytes: Span<UInt8>, _ range: ByteRange) -> Bool {
        var index = range.lowerBound
        let end = range.upperBound
        if bytes.byte(at: index) == ASCII.leftBracket, index < end {
            guard let close = endOfLiteral(bytes, from: index &+ 1, to: end) else { return false }
            index = close
        } else {
            while index < end, let byte = bytes.byte(at: index), isNameByte(byte) { index &+= 1 }
            guard index > range.lowerBound else { return false }
        }
        if index == end { return true }
        guard bytes.byte(at: index) == ASCII.colon else { return false }
        return isPort(bytes, from: index &+ 1, to: end)
    }

    @inline(__always)
    private static func isNameByte(_ byte: UInt8) -> Bool {
        let letter = (byte | 0x20) &- 0x61
        return letter < 26 || ASCII.isDigit(byte) || byte == ASCII.dot || byte == 0x2D || byte == 0x5F
            || byte == 0x7E
    }

    /// The index after the closing bracket. The text inside is only roughly checked: routing parses the address.
    private static func endOfLiteral(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Int? {
        var index = start
        var colons = 0
        while index < end, let byte = bytes.byte(at: index) {
            if byte == ASCII.rightBracket { return colons >= 2 ? index &+ 1 : nil }
            if byte == ASCII.colon {
                colons &+= 1
            } else if byte != ASCII.dot && ASCII.hexValue(byte) == nil {
                return nil
            }
            index &+= 1
        }
        return nil
    }

    /// RFC 3986 allows an empty port.
    private static func isPort(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> Bool {
        guard end &- start <= 5 else { return false }
        var value = 0
        var index = start
        while index < end {
            guard let byte = bytes.byte(at: index), ASCII.isDigit(byte) else { return false }
            value = value &* 10 &+ Int(byte &- ASCII.zero)
            index &+= 1
        }
        return value <= 65535
    }
}
