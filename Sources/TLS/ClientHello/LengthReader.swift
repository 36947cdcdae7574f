/// Reads numbers and vectors with a length before them (RFC 8446 §3). What does not fit is nil, and nothing is read.
struct LengthReader: ~Escapable {
    private let bytes: Span<UInt8>
    private var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    mutating func number8() -> UInt8? {
        guard offset < bytes.count else { return nil }
        offset += 1
        return bytes[offset - 1]
    }

    mutating func number16() -> UInt16? {
        guard bytes.count - offset >= 2 else { return nil }
        offset += 2
        return UInt16(bytes[offset - 2]) << 8 | UInt16(bytes[offset - 1])
    }

    mutating func skip(_ count: Int) -> Bool {
        guard bytes.count - offset >= count else { return false }
        offset += count
        return true
    }

    /// A vector whose length has 8 bits.
    @_lifetime(copy self)
    mutating func vector8() -> Span<UInt8>? {
        guard offset < bytes.count else { return nil }
        return vector(1, Int(bytes[offset]))
    }

    /// A vector whose length has 16 bits.
    @_lifetime(copy self)
    mutating func vector16() -> Span<UInt8>? {
        guard bytes.count - offset >= 2 else { return nil }
        return vector(2, Int(bytes[offset]) << 8 | Int(bytes[offset + 1]))
    }

    @_lifetime(copy self)
    private mutating func vector(_ header: Int, _ count: Int) -> Span<UInt8>? {
        guard bytes.count - offset - header >= count else { return nil }
        let start = offset + header
        offset = start + count
        return bytes.extracting(start..<offset)
    }
}
