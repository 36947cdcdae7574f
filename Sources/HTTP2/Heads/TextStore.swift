/// Bytes of a head that grow by pieces, in memory that is used again.
struct TextStore {
    private var bytes: [UInt8] = []
    /// Bytes that are there.
    private(set) var count = 0

    /// Of its memory, what is kept for the next head.
    private static let keptBytes = 16 << 10

    /// The bytes are not needed any longer.
    mutating func clear() {
        count = 0
        if bytes.count > Self.keptBytes { bytes = [] }
    }

    /// Gives its memory back.
    mutating func discard() {
        bytes = []
        count = 0
    }

    /// Appends `size` bytes that `write` fills.
    @inline(__always)
    mutating func append(_ size: Int, _ write: (UnsafeMutablePointer<UInt8>) -> Void) {
        let end = count &+ size
        if end > bytes.count {
            let grown = max(256, end, 2 &* bytes.count)
            bytes.append(contentsOf: repeatElement(0, count: grown - bytes.count))
        }
        bytes.withUnsafeMutableBufferPointer { memory in
            if size > 0, let start = memory.baseAddress { write(start + count) }
        }
        count = end
    }

    mutating func append(_ piece: UnsafeBufferPointer<UInt8>) {
        append(piece.count) { Self.copy(piece, to: $0) }
    }

    mutating func append(_ text: StaticString) {
        append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// `name: value`
    mutating func appendLine(_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>) {
        append(name.count &+ value.count &+ 4) { memory in
            Self.copy(name, to: memory)
            var end = memory + name.count
            end[0] = UInt8(ascii: ":")
            end[1] = UInt8(ascii: " ")
            Self.copy(value, to: end + 2)
            end += 2 &+ value.count
            end[0] = UInt8(ascii: "\r")
            end[1] = UInt8(ascii: "\n")
        }
    }

    @inline(__always)
    private static func copy(_ piece: UnsafeBufferPointer<UInt8>, to memory: UnsafeMutablePointer<UInt8>) {
        if let start = piece.baseAddress { memory.update(from: start, count: piece.count) }
    }

    var span: Span<UInt8> {
        @_lifetime(borrow self)
        borrowing get { bytes.span.extracting(0..<count) }
    }
}
