/// Bytes by name, and the classes of RFC 9110 §5.6 and RFC 3986.
@frozen @usableFromInline
package enum ASCII {
    @inlinable package static var tab: UInt8 { 0x09 }
    @inlinable package static var lf: UInt8 { 0x0A }
    @inlinable package static var cr: UInt8 { 0x0D }
    @inlinable package static var space: UInt8 { 0x20 }
    @inlinable package static var quote: UInt8 { 0x22 }
    @inlinable package static var hash: UInt8 { 0x23 }
    @inlinable package static var percent: UInt8 { 0x25 }
    @inlinable package static var asterisk: UInt8 { 0x2A }
    @inlinable package static var comma: UInt8 { 0x2C }
    @inlinable package static var hyphen: UInt8 { 0x2D }
    @inlinable package static var dot: UInt8 { 0x2E }
    @inlinable package static var slash: UInt8 { 0x2F }
    @inlinable package static var zero: UInt8 { 0x30 }
    @inlinable package static var colon: UInt8 { 0x3A }
    @inlinable package static var semicolon: UInt8 { 0x3B }
    @inlinable package static var equals: UInt8 { 0x3D }
    @inlinable package static var question: UInt8 { 0x3F }
    @inlinable package static var leftBracket: UInt8 { 0x5B }
    @inlinable package static var backslash: UInt8 { 0x5C }
    @inlinable package static var rightBracket: UInt8 { 0x5D }
    @inlinable package static var underscore: UInt8 { 0x5F }

    /// A byte of a token, such as a field name or a method (RFC 9110 §5.6.2): letters, digits and
    /// ``!#$%&'*+-.^_`|~``.
    @inlinable @inline(__always)
    package static func isToken(_ byte: UInt8) -> Bool {
        guard byte < 0x80 else { return false }
        // One bit for each byte below 64, and one for each from 64 on.
        let bits: UInt64 = byte < 0x40 ? 0x03FF_6CFA_0000_0000 : 0x57FF_FFFF_C7FF_FFFE
        return (bits &>> UInt64(byte & 0x3F)) & 1 != 0
    }

    @inlinable @inline(__always)
    package static func isDigit(_ byte: UInt8) -> Bool { byte &- zero < 10 }

    @inlinable @inline(__always)
    package static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    @inlinable @inline(__always)
    package static func isLetterOrDigit(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) }

    /// A letter, a digit or `_`.
    @inlinable @inline(__always)
    package static func isWord(_ byte: UInt8) -> Bool { isLetterOrDigit(byte) || byte == underscore }

    /// A byte of a normalised host name: `a-z 0-9 - _ .`
    @inlinable @inline(__always)
    package static func isHost(_ byte: UInt8) -> Bool {
        byte &- 0x61 < 26 || isDigit(byte) || byte == hyphen || byte == underscore || byte == dot
    }

    /// A byte that a field value must not contain (RFC 9110 §5.5): CR, LF, NUL and the other controls
    /// except tab.
    @inlinable @inline(__always)
    package static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != tab || byte == 0x7F }

    /// A byte of a URL's path that needs no escape: pchar (RFC 3986 §3.3) or `/`.
    @inlinable @inline(__always)
    package static func isPath(_ byte: UInt8) -> Bool {
        guard byte < 0x80 else { return false }
        let bits: UInt64 = byte < 0x40 ? 0x2FFF_FFD2_0000_0000 : 0x47FF_FFFE_87FF_FFFF
        return (bits &>> UInt64(byte & 0x3F)) & 1 != 0
    }

    @inlinable @inline(__always)
    package static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// The value of a hexadecimal digit, or nil.
    @inlinable @inline(__always)
    package static func hexValue(_ byte: UInt8) -> UInt8? {
        if byte &- zero < 10 { return byte &- zero }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }
}
