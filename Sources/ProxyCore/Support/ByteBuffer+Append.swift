package import NIOCore

/// Short pieces of a head. NIO's own writes of them take 150 instructions each, three times as many, and a head has
/// thirty.
extension ByteBuffer {
    @inline(__always)
    package mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { appendPiece(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always)
    package mutating func append(_ bytes: borrowing Span<UInt8>) {
        bytes.withUnsafeBytes { appendPiece($0) }
    }

    @inline(__always)
    package mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { appendPiece($0) }
    }

    /// Unsafe: `writeWithUnsafeMutableBytes` gives at least as many bytes as `piece` has.
    @inline(__always)
    private mutating func appendPiece(_ piece: UnsafeRawBufferPointer) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: piece.count) { space in
            space.copyMemory(from: piece)
            return piece.count
        }
    }
}
