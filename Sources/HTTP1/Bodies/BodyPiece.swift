/// What comes next of a body. The ranges are offsets into the span given to `BodyDecoder.next`.
@frozen
package enum BodyPiece: Hashable, Sendable {
    /// Content.
    case data(ByteRange)
    /// Framing of a chunked body in canonical form: a size line, the line end after a chunk, the last empty line.
    case framing(ByteRange)
    /// A whole trailer line that may be passed on. Falls between the `0` line and the last empty line.
    case trailer(ByteRange)
    /// Bytes that are never passed on: chunk extensions, needless zeros, trailers that must not be trailers.
    case skipped(ByteRange)
    /// Nothing more can be said without more bytes. What lies at and after `offset` stays with the caller and
    /// comes again, at the front, with more behind it.
    case needMore
    /// The body is over; what lies at and after `offset` belongs to the next message.
    case end
}

/// What `BodyDecoder.nextRun` found.
@frozen
package enum BodyRun: Hashable, Sendable {
    /// Bytes to pass on as they are: content and, in a chunked body, its framing.
    case pass(ByteRange)
    case needMore
    case end
}
