import HTTP1
import NIOCore

/// The parts of a request's head that its log record shows. They are copies: the head itself is gone when the record
/// is written.
struct RequestLogFields {
    private var bytes = ByteBuffer()
    private var method = 0..<0
    private var target = 0..<0
    private var host = 0..<0
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

    mutating func copy(_ head: borrowing RequestHead, _ source: ByteBuffer) {
        method = append(head.methodRange, source)
        target = append(head.targetRange, source)
        host = append(head.host, source)
        for index in head.fields.indices {
            switch head.fields[index].id {
            case .referer: referer = append(head.fields[index].value, source)
            case .userAgent: userAgent = append(head.fields[index].value, source)
            default: break
            }
        }
    }

    private mutating func append(_ range: ByteRange, _ source: ByteBuffer) -> Range<Int> {
        let start = bytes.writerIndex
        bytes.writeBytes(source.readableBytesUInt8Span.extracting(range.indices).bytes)
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
