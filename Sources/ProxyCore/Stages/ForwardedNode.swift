import Bytes
import Routing

/// How proxies write an address, with or without a port (RFC 7239 §6).
enum ForwardedNode {
    /// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; the port may be obfuscated
    /// (`_a1`). Nil for anything else, such as `unknown` and `_hidden`.
    static func address(_ text: Span<UInt8>) -> IPAddress? {
        if let address = IPAddress(text) { return address }
        guard text.count > 0 else { return nil }
        var end = 0
        if text[0] == UInt8(ascii: "[") {
            while end < text.count, text[end] != UInt8(ascii: "]") { end += 1 }
            guard end < text.count, isPort(text.extracting((end + 1)..<text.count)),
                let address = IPAddress(text.extracting(1..<end)),
                text.extracting(1..<end).contains(colon.span)
            else { return nil }
            return address
        }
        while end < text.count, text[end] != ASCII.colon { end += 1 }
        guard end < text.count, isPort(text.extracting(end..<text.count)) else { return nil }
        return IPAddress(text.extracting(0..<end))
    }

    private static let colon = [ASCII.colon]

    /// Nothing, or `:` with a port or `_` and a name after it.
    private static func isPort(_ text: Span<UInt8>) -> Bool {
        if text.count == 0 { return true }
        guard text[0] == ASCII.colon, text.count > 1 else { return false }
        if text[1] == ASCII.underscore {
            guard text.count > 2 else { return false }
            for index in 2..<text.count {
                let byte = text[index]
                guard ASCII.isWord(byte) || byte == ASCII.dot || byte == ASCII.hyphen else { return false }
            }
            return true
        }
        guard text.count <= 6 else { return false }
        for index in 1..<text.count where !ASCII.isDigit(text[index]) { return false }
        return true
    }
}
