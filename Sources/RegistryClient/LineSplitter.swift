import NIOCore

/// Cuts a stream into lines; a line is at most `limit` bytes.
struct LineSplitter {
    let limit: Int
    private var rest = ByteBuffer()
    /// Bytes of `rest` that have been searched already.
    private var searched = 0

    init(limit: Int) { self.limit = limit }

    var isTooLong: Bool { rest.readableBytes > limit }

    mutating func append(_ piece: ByteBuffer) {
        var piece = piece
        if rest.readableBytes == 0 {
            rest = piece
            searched = 0
        } else {
            rest.writeBuffer(&piece)
        }
    }

    /// The next complete line without its end; empty lines are skipped.
    mutating func next() -> ByteBuffer? {
        while true {
            let view = rest.readableBytesView
            guard let end = view.dropFirst(searched).firstIndex(of: UInt8(ascii: "\n")) else {
                searched = view.count
                rest.discardReadBytes()
                return nil
            }
            let length = end - view.startIndex
            let line = rest.readSlice(length: length)
            rest.moveReaderIndex(forwardBy: 1)
            searched = 0
            if let line, line.readableBytes > 0 { return line }
        }
    }
}
