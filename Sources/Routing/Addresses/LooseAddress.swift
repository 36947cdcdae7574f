import Bytes

/// Texts that some resolver reads as an address although no rule may mean one by them.
package enum LooseAddress {
    /// Whether inet_aton(3), and so getaddrinfo(3), reads the text as an IPv4 address: `127.0.0.1`, `127.1`,
    /// `2130706433`, `017700000001`, `0x7f.1` (RFC 6943 §3.1.1).
    ///
    /// One to four numbers, each decimal, octal or hexadecimal; the last one fills the bytes that are left.
    package static func isV4(_ text: Span<UInt8>) -> Bool {
        var parts = 0
        var start = 0
        while true {
            var end = start
            while end < text.count, text[end] != UInt8(ascii: ".") { end += 1 }
            guard let value = number(text.extracting(start..<end)) else { return false }
            parts += 1
            if end == text.count { return value <= UInt64(UInt32.max) &>> UInt64(8 * (parts - 1)) }
            guard parts < 4, value <= 0xFF else { return false }
            start = end + 1
        }
    }

    /// A number as strtoul(3) reads it in base 0; nil for anything else, and for what has more than 32 bits.
    private static func number(_ text: Span<UInt8>) -> UInt64? {
        guard text.count > 0 else { return nil }
        var base: UInt64 = 10
        var index = 0
        if text[0] == ASCII.zero, text.count > 1 {
            switch ASCII.lowercased(text[1]) {
            case UInt8(ascii: "x"): (base, index) = (16, 2)
            case UInt8(ascii: "b"): (base, index) = (2, 2)
            default: (base, index) = (8, 1)
            }
        }
        guard index < text.count else { return nil }
        var value: UInt64 = 0
        while index < text.count {
            guard let digit = ASCII.hexValue(text[index]), UInt64(digit) < base else { return nil }
            value = value * base + UInt64(digit)
            guard value <= UInt64(UInt32.max) else { return nil }
            index += 1
        }
        return value
    }
}
