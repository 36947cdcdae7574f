/// The DATA and RST_STREAM frames that a client sends, found in its bytes however they are cut into reads (RFC 9113 §4.1). Pure.
///
/// Of those on streams that are gone the library says nothing, but that it does not begin them.
struct DataFrames {
    /// Bytes before the next header: first the client's preface (RFC 9113 §3.4).
    private var skipped = 24
    /// A header that has begun.
    private var header = InlineArray<9, UInt8>(repeating: 0)
    private var headerCount = 0
    /// The streams of the frames whose header has arrived, in their order: that of RST_STREAM is complemented.
    private var streams: [Int32] = []
    /// The first of them that the library has not begun.
    private var next = 0

    private static let headerBytes = 9
    private static let data: UInt8 = 0
    private static let reset: UInt8 = 3

    /// The library is given these bytes next.
    mutating func arrive(in bytes: UnsafeBufferPointer<UInt8>) {
        streams.removeAll(keepingCapacity: true)
        next = 0
        var position = 0
        while position < bytes.count {
            let left = bytes.count &- position
            if skipped > 0 {
                let count = min(skipped, left)
                skipped &-= count
                position &+= count
                continue
            }
            if headerCount == 0, left >= Self.headerBytes, let start = bytes.baseAddress {
                let header = UnsafeRawPointer(start + position)
                position &+= Self.headerBytes
                frameBegins(
                    UInt32(bigEndian: header.loadUnaligned(as: UInt32.self)),
                    UInt32(bigEndian: header.loadUnaligned(fromByteOffset: 5, as: UInt32.self))
                )
                continue
            }
            header[headerCount] = bytes[position]
            headerCount &+= 1
            position &+= 1
            guard headerCount == Self.headerBytes else { continue }
            headerCount = 0
            frameBegins(number(at: 0), number(at: 5))
        }
    }

    private func number(at index: Int) -> UInt32 {
        (index..<(index + 4)).reduce(0) { $0 << 8 | UInt32(header[$1]) }
    }

    private mutating func frameBegins(_ lengthAndType: UInt32, _ id: UInt32) {
        skipped = Int(lengthAndType >> 8)
        let type = UInt8(truncatingIfNeeded: lengthAndType)
        guard type == Self.data || type == Self.reset else { return }
        let stream = Int32(bitPattern: id & 0x7FFF_FFFF)
        streams.append(type == Self.data ? stream : ~stream)
    }

    /// The library begins a frame.
    ///
    /// - Returns: the streams of those that it has left out before.
    mutating func begun(_ id: Int32, isReset: Bool) -> ArraySlice<Int32> {
        let place = streams[next...].firstIndex(of: isReset ? ~id : id) ?? streams.count
        let leftOut = streams[next..<place]
        next = min(place + 1, streams.count)
        return leftOut
    }

    /// All bytes have been read.
    ///
    /// - Returns: the streams of the frames that the library has left out since the last that it began.
    mutating func takeLeftOut() -> ArraySlice<Int32> {
        let leftOut = streams[next...]
        next = streams.count
        return leftOut
    }
}
