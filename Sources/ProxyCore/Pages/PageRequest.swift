import HTTP1
import NIOCore

/// What a request for an error page takes over of the request that failed: what chooses among representations, and
/// who asks. Not what identifies a user, nor what makes a request conditional or partial.
struct PageRequest {
    /// A head without its end: the fields as received. The writer of heads decides which of them pass.
    private var bytes = ByteBuffer()

    init(_ head: borrowing RequestHead, _ source: ByteBuffer) {
        let span = source.readableBytesUInt8Span
        bytes.writeStaticString("GET / HTTP/1.1\r\nHost: ")
        bytes.writeBytes(span.extracting(head.host.indices).bytes)
        bytes.writeStaticString("\r\n")
        for index in head.fields.indices {
            switch head.fields[index].id {
            case .accept, .acceptEncoding, .acceptLanguage, .acceptCharset, .userAgent, .forwarded,
                .xForwardedFor, .xForwardedProto, .xForwardedHost, .xForwardedPort:
                bytes.writeBytes(span.extracting(head.fields[index].line.indices).bytes)
            default: break
            }
        }
    }

    /// The head of a request, as a connection would bring it.
    func head(requestID: ByteBuffer) -> ByteBuffer {
        var head = bytes
        head.writeStaticString("X-Request-ID: ")
        head.writeImmutableBuffer(requestID)
        head.writeStaticString("\r\n\r\n")
        return head
    }
}
