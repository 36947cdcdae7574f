/// A number in decimal digits, without an allocation.
package struct DecimalDigits {
    private var bytes = InlineArray<20, UInt8>(repeating: 0)
    private var start = 20

    package init(_ value: UInt64) {
        var rest = value
        repeat {
            start &-= 1
            bytes[start] = ASCII.zero &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
    }

    /// The digits, without leading zeros.
    package var span: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { bytes.span.extracting(start..<20) }
    }
}
