/// Why a body is not accepted; its bytes before the error were well formed. The connection must be closed.
package enum BodyError: Error, Hashable, Sendable {
    /// A chunk size is not a hexadecimal number, or its line does not end in CRLF.
    case badChunkSize
    /// A chunk size has more than `HTTP1Constants.chunkSizeDigits` digits or is above 2⁶³−1.
    case chunkTooLarge
    /// A chunk extension is malformed. RFC 9112 §7.1.1.
    case badChunkExtension
    /// A size line longer than `HTTP1Constants.chunkLineBytes`.
    case chunkLineTooLong
    /// Too many bytes of extensions for the data (`HTTP1Constants.chunkExcessBytes`).
    case tooMuchExtension
    /// A chunk's data is not followed by CRLF.
    case badChunkEnd
    case trailer(FieldError)
    /// The sender closed the connection before the end of the body.
    case truncated

    /// The word in the access log (`detail`); never renamed.
    package var token: String {
        switch self {
        case .badChunkSize: "chunk_size_invalid"
        case .chunkTooLarge: "chunk_size_too_large"
        case .badChunkExtension: "chunk_extension_invalid"
        case .chunkLineTooLong: "chunk_line_too_long"
        case .tooMuchExtension: "too_much_chunk_extension"
        case .badChunkEnd: "chunk_end_invalid"
        case .trailer(let error): error.token
        case .truncated: "body_truncated"
        }
    }

    /// A constant sentence, without any byte from the peer.
    package var message: String {
        switch self {
        case .badChunkSize: "a chunk does not begin with its size"
        case .chunkTooLarge: "a chunk's size is above the limit"
        case .badChunkExtension: "a chunk extension is malformed"
        case .chunkLineTooLong: "a chunk's size line is longer than the limit"
        case .tooMuchExtension: "the chunk extensions are longer than the limit"
        case .badChunkEnd: "a chunk does not end after the bytes of its size"
        case .trailer(let error): error.message
        case .truncated: "the connection closed before the end of the body"
        }
    }
}
