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
            header[headerCount] = bytes[position]
            headerCount &+= 1
            position &+= 1
            if headerCount == Self.headerBytes { endHeader() }
        }
    }

    private mutating func endHeader() {
        headerCount = 0
        skipped = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
        guard header[3] == Self.data || header[3] == Self.reset else { return }
        let id =
            UInt32(header[5]) << 24 | UInt32(header[6]) << 16 | UInt32(header[7]) << 8 | UInt32(header[8])
        let stream = Int32(bitPattern: id & 0x7FFF_FFFF)
        streams.append(header[3] == Self.data ? stream : ~stream)
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
