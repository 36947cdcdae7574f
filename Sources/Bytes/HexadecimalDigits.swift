/// A number in lower-case hexadecimal digits, without an allocation: a chunk's size (RFC 9112 §7.1).
package struct HexadecimalDigits {
    private var bytes = InlineArray<16, UInt8>(repeating: 0)
    private var start = 16

    package init(_ value: UInt64) {
        var rest = value
        repeat {
            start &-= 1
            let nibble = UInt8(truncatingIfNeeded: rest & 0xF)
            bytes[start] = nibble < 10 ? ASCII.zero &+ nibble : 0x61 &+ (nibble &- 10)
            rest &>>= 4
        } while rest > 0
    }

    /// The digits, without leading zeros.
    package var span: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { bytes.span.extracting(start..<16) }
    }
}
