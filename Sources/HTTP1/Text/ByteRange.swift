/// A range of bytes, as offsets into the span that was parsed (not into the connection's stream).
///
/// Eight bytes, trivially copied. Valid while the caller keeps those bytes where they are.
@frozen @usableFromInline
package struct ByteRange: Hashable, Sendable {
    /// Offset of the first byte.
    @usableFromInline package var start: UInt32
    /// Offset after the last byte; never less than `start`.
    @usableFromInline package var end: UInt32

    @inlinable
    package init(start: UInt32, end: UInt32) {
        self.start = start
        self.end = end
    }

    /// Offsets inside a span that the parser accepted, so that they fit 32 bits.
    @inlinable
    init(_ start: Int, _ end: Int) {
        self.start = UInt32(truncatingIfNeeded: start)
        self.end = UInt32(truncatingIfNeeded: end)
    }

    /// A range of indices into such a span.
    @inlinable
    package init(_ range: Range<Int>) { self.init(range.lowerBound, range.upperBound) }

    @inlinable package var count: Int { Int(end) &- Int(start) }
    @inlinable package var isEmpty: Bool { start == end }
    /// `start` as an index.
    @inlinable package var lowerBound: Int { Int(start) }
    /// `end` as an index.
    @inlinable package var upperBound: Int { Int(end) }
    /// For `Span.extracting(_:)`. Empty if the two offsets are in the wrong order.
    @inlinable package var indices: Range<Int> { Int(start)..<Swift.max(Int(start), Int(end)) }

    @inlinable package static var empty: ByteRange { ByteRange(start: 0, end: 0) }
}
