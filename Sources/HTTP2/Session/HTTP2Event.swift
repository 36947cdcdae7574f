package import HTTP1
package import NIOCore

/// What bytes that arrived have led to. Heads are texts as HTTP/1 has them, so that the same parser, checks and rules read
/// them: see `HTTP2Memory.text`.
package enum HTTP2Event {
    /// A request, or a response, begins. The range is of its head in `HTTP2Memory.text`.
    ///
    /// - Parameter isLast: the message has no body.
    case head(HTTP2Stream, ByteRange, isLast: Bool)
    /// A head that is not a message: the stream is to be reset or answered.
    case malformedHead(HTTP2Stream, HTTP2HeadError)
    /// Field lines after the body (RFC 9113 §8.1), as HTTP/1 has them in a chunked body. The message is complete.
    case trailers(HTTP2Stream, ByteRange)
    /// A part of the body, in the memory of the read: what is kept beyond the events is copied.
    case body(HTTP2Stream, ByteBuffer)
    /// The message is complete.
    case end(HTTP2Stream)
    /// The stream is gone: both sides have ended it, or one has reset it. It is the stream's last event.
    case closed(HTTP2Stream, HTTP2Code)
    /// The peer opens no stream, or accepts none, after `lastStream`.
    case goAway(lastStream: Int32, HTTP2Code)
    /// The peer's SETTINGS arrived.
    case settings
    /// A PING of ours was acknowledged.
    case pong
}

/// Why a list of fields is not a head.
package enum HTTP2HeadError: Hashable, Sendable {
    /// RFC 9113 §8.1.1: the stream ends with PROTOCOL_ERROR.
    case malformed
    /// More bytes or fields than are allowed.
    case tooLarge
}
