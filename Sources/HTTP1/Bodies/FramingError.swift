/// What is wrong with the fields that determine where a message ends and whether the connection stays open: two
/// readers could read them in two ways. RFC 9112 §6.
package enum FramingError: Error, Hashable, Sendable, CaseIterable {
    /// `Content-Length` and `Transfer-Encoding` in one message. RFC 9112 §6.1.
    case lengthAndCoding
    /// More than one `Content-Length`, even if they are equal.
    case severalLengths
    /// A `Content-Length` that is not digits alone, or is a list, empty, or above 2⁶³−1.
    case badLength
    /// More than one `Transfer-Encoding` field.
    case severalCodings
    /// A `Transfer-Encoding` that is not a list of codings, or has `chunked` elsewhere than once at its end.
    case badCoding
    /// A transfer coding other than `chunked`.
    case unknownCoding
    /// `Transfer-Encoding` in an HTTP/1.0 message. RFC 9112 §6.1.
    case codingInHTTP10
    /// A `Connection` field that is not a list of names.
    case badConnection
    /// More names in `Connection` than `HTTP1Constants.connectionOptions`.
    case tooManyConnectionOptions

    /// The word in the access log (`detail`); never renamed.
    package var token: String {
        switch self {
        case .lengthAndCoding: "length_and_transfer_coding"
        case .severalLengths: "several_content_lengths"
        case .badLength: "content_length_invalid"
        case .severalCodings: "several_transfer_encodings"
        case .badCoding: "transfer_encoding_invalid"
        case .unknownCoding: "transfer_coding_unknown"
        case .codingInHTTP10: "transfer_encoding_in_http10"
        case .badConnection: "connection_field_invalid"
        case .tooManyConnectionOptions: "too_many_connection_options"
        }
    }

    /// A constant sentence, without any byte from the peer.
    package var message: String {
        switch self {
        case .lengthAndCoding: "the message has both Content-Length and Transfer-Encoding"
        case .severalLengths: "the message has more than one Content-Length"
        case .badLength: "Content-Length is not a number from 0 to 2^63-1"
        case .severalCodings: "the message has more than one Transfer-Encoding"
        case .badCoding: "Transfer-Encoding does not end with exactly one 'chunked'"
        case .unknownCoding: "Transfer-Encoding has a coding other than 'chunked'"
        case .codingInHTTP10: "an HTTP/1.0 message has Transfer-Encoding"
        case .badConnection: "Connection is not a list of names"
        case .tooManyConnectionOptions: "Connection has more names than the limit"
        }
    }
}
