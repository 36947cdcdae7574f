/// The next part of a body. The ranges are offsets into the span given to `BodyDecoder.next`.
@frozen
package enum BodyPiece: Hashable, Sendable {
    /// Content.
    case data(ByteRange)
    /// Framing of a chunked body in canonical form: a size line, the line end after a chunk, the last empty line.
    case framing(ByteRange)
    /// A whole trailer line that may be passed on. Falls between the `0` line and the last empty line.
    case trailer(ByteRange)
    /// Bytes that are never passed on: chunk extensions, needless zeros, fields that are not allowed as trailers.
    case skipped(ByteRange)
    /// More bytes are needed. The caller keeps those from `offset` on, and passes them again with more after them.
    case needMore
    /// The body is complete; the bytes from `offset` on belong to the next message.
    case end
}

/// A result of `BodyDecoder.nextRun`.
@frozen
package enum BodyRun: Hashable, Sendable {
    /// Bytes to pass on as they are: content and, in a chunked body, its framing.
    case pass(ByteRange)
    case needMore
    case end
}
