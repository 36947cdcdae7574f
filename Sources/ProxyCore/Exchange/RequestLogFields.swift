import HTTP1
import NIOCore

/// The parts of a request's head that its log record shows. They are copies: the head itself is gone when the record
/// is written.
struct RequestLogFields {
    /// Nothing is read from it: its parts are counted from its beginning.
    private(set) var bytes = ByteBuffer()
    private(set) var method = 0..<0
    private(set) var target = 0..<0
    private(set) var host = 0..<0
    private var referer: Range<Int>?
    private var userAgent: Range<Int>?

    mutating func clear() {
        bytes.clear()
        method = 0..<0
        target = 0..<0
        host = 0..<0
        referer = nil
        userAgent = nil
    }

    /// All that the access log has.
    mutating func copy(_ head: borrowing RequestHead, _ source: ByteBuffer) {
        copyLine(head, source)
        copyHost(head, source)
        for index in head.fields.indices {
            switch head.fields[index].id {
            case .referer: referer = append(head.fields[index].value, source)
            case .userAgent: userAgent = append(head.fields[index].value, source)
            default: break
            }
        }
    }

    /// Method and target: nothing else of the head is kept.
    mutating func copyLine(_ head: borrowing RequestHead, _ source: ByteBuffer) {
        let start = bytes.writerIndex
        let (methodCount, count) = (head.methodRange.count, head.methodRange.count &+ head.targetRange.count)
        let text = source.readableBytesUInt8Span
        let (from, then) = (
            text.extracting(head.methodRange.indices), text.extracting(head.targetRange.indices)
        )
        // One write for both. Unsafe: there is room for `count` bytes.
        bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
            from.withUnsafeBytes { space.copyMemory(from: $0) }
            then.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: space[methodCount...]).copyMemory(from: $0)
            }
            return count
        }
        method = start..<(start &+ methodCount)
        target = (start &+ methodCount)..<(start &+ count)
    }

    mutating func copyHost(_ head: borrowing RequestHead, _ source: ByteBuffer) {
        host = append(head.host, source)
    }

    private mutating func append(_ range: ByteRange, _ source: ByteBuffer) -> Range<Int> {
        let start = bytes.writerIndex
        bytes.append(source.readableBytesUInt8Span.extracting(range.indices))
        return start..<bytes.writerIndex
    }

    private func slice(_ range: Range<Int>) -> ByteBuffer {
        bytes.getSlice(at: range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    var methodBytes: ByteBuffer { slice(method) }
    var targetBytes: ByteBuffer { slice(target) }
    var hostBytes: ByteBuffer { slice(host) }
    var refererBytes: ByteBuffer? { referer.map(slice) }
    var userAgentBytes: ByteBuffer? { userAgent.map(slice) }
}
