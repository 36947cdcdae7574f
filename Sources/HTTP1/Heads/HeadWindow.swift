import Bytes

/// The bytes that a head or a trailer section may occupy, and whether the result of parsing them is final.
///
/// The result must not depend on how the bytes were cut into reads: an error is final when the line that it is in
/// is complete, or when the limit is reached.
struct HeadWindow: ~Escapable {
    /// From the first byte of the span to the limit.
    let bytes: Span<UInt8>
    /// The limit is reached.
    let isFull: Bool

    /// - Parameters:
    ///   - start: where the head begins in the span.
    ///   - limit: bytes of the head.
    @inline(__always)
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>, from start: Int = 0, limit: Int) {
        let available = bytes.count &- start
        isFull = available >= limit
        self.bytes = available > limit ? bytes.extracting(first: start &+ limit) : bytes
    }

    /// Whether more bytes are needed for certain: no line ends from `index` on, and the limit is not reached.
    @inline(__always)
    func needsMore(from index: Int) -> Bool {
        !isFull && bytes.firstLF(from: index) == bytes.count
    }

    /// Whether the line at `position` is complete, or can no longer become so.
    @inline(__always)
    func isFinal(at position: Int) -> Bool {
        isFull || bytes.firstLF(from: position) < bytes.count
    }
}
