import Bytes

/// Room for the texts of many requests, a place of fixed size for each. Made once, and never larger.
///
/// Not `Array`, whose checks of a dozen short copies would take longer than the copies. Only `append` writes, and it
/// keeps to the place.
struct TextShelf: ~Copyable {
    /// Of one request, bytes.
    static let placeBytes = 640

    private let memory: UnsafeMutableRawBufferPointer
    private var position = 0
    private var end = 0
    private var start = 0

    init(places: Int) {
        memory = .allocate(byteCount: places * Self.placeBytes, alignment: 16)
    }

    deinit {
        memory.deallocate()
    }

    /// What is appended from now on is text of this place, from its beginning.
    mutating func begin(_ place: Int) {
        start = place * Self.placeBytes
        precondition(start >= 0 && start <= memory.count - Self.placeBytes)
        position = start
        end = start + Self.placeBytes
    }

    /// Bytes of the place that are in use.
    var count: Int { position - start }

    /// Takes back what was appended after the first bytes.
    mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        position = start + count
    }

    /// - Returns: false: some of it had no room, or was over `limit`.
    @inline(__always)
    mutating func append(_ text: Span<UInt8>, limit: Int) -> Bool {
        let room = min(limit, end - position)
        let length = min(text.count, room)
        guard length > 0 else { return text.isEmpty }
        // Unsafe: `length` is at most what both have.
        text.withUnsafeBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: memory[position..<(position + length)])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<length]))
        }
        position += length
        return length == text.count
    }

    /// A copy of the first bytes of a place, which must have been written.
    func bytes(of place: Int, count: Int) -> [UInt8] {
        let start = place * Self.placeBytes
        precondition(
            start >= 0 && count >= 0 && count <= Self.placeBytes && start <= memory.count - Self.placeBytes
        )
        return [UInt8](memory[start..<(start + count)])
    }

    /// Whether a part of a place has these bytes, case of ASCII letters aside.
    func holds(_ text: Span<UInt8>, at range: Range<Int>, of place: Int) -> Bool {
        guard text.count == range.count else { return false }
        let start = place * Self.placeBytes + range.lowerBound
        precondition(range.lowerBound >= 0 && range.upperBound <= Self.placeBytes)
        precondition(start >= 0 && start <= memory.count - range.count)
        let bytes = UnsafeRawBufferPointer(rebasing: memory[start..<(start + range.count)])
        return text.equalsIgnoringCase(bytes.bindMemory(to: UInt8.self).span)
    }
}
