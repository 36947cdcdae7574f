import Bytes
package import NIOCore

/// The text of a head while it is being written, in memory that is used again and again.
///
/// A head has thirty short pieces: written to a `ByteBuffer`, which checks each time who else has its memory, they cost
/// six times as many instructions. Used on one thread.
package struct HeadText: ~Copyable {
    private static let initialBytes = 2 << 10
    /// What a larger head has needed is given back.
    private static let keptBytes = 16 << 10

    private var memory: UnsafeMutableRawBufferPointer
    private var count = 0

    package init() {
        memory = .allocate(byteCount: Self.initialBytes, alignment: 1)
    }

    deinit {
        memory.deallocate()
    }

    /// Appends the text to a buffer, and begins anew.
    package mutating func move(to buffer: inout ByteBuffer) {
        buffer.writeBytes(UnsafeRawBufferPointer(rebasing: memory[..<count]))
        count = 0
        if memory.count > Self.keptBytes { replaceMemory(byteCount: Self.initialBytes) }
    }

    // MARK: Pieces

    @inline(__always)
    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inline(__always)
    mutating func append(_ bytes: borrowing Span<UInt8>) {
        bytes.withUnsafeBytes { append($0) }
    }

    @inline(__always)
    mutating func append(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0) }
    }

    mutating func append(string: String) {
        var string = string
        string.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// A number in decimal digits.
    mutating func appendDecimal(_ value: UInt64) {
        append(DecimalDigits(value).span)
    }

    /// Unsafe: there is room for the piece, because `reserve` made it.
    @inline(__always)
    private mutating func append(_ piece: UnsafeRawBufferPointer) {
        guard let start = piece.baseAddress else { return }
        if memory.count &- count < piece.count { reserve(piece.count) }
        memory.baseAddress.unsafelyUnwrapped.advanced(by: count).copyMemory(
            from: start,
            byteCount: piece.count
        )
        count &+= piece.count
    }

    /// Heads are limited, and with them this.
    @inline(never)
    private mutating func reserve(_ more: Int) {
        replaceMemory(byteCount: max(2 * memory.count, count + more))
    }

    private mutating func replaceMemory(byteCount: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 1)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        memory.deallocate()
        memory = larger
    }
}
