package import HTTP1

/// What happens to the framing of a response's body on its way downstream.
package enum BodyCoding {
    /// Nothing: it stays as received, by length, in chunks, or without a body.
    case passthrough
    /// The body ends by close upstream. A client that uses HTTP/1.1 receives chunks: its connection stays open, and
    /// it can tell a truncated response from a whole one.
    case chunk
    /// The body arrives in chunks. A client that uses HTTP/1.0 receives the content alone, ended by close.
    case dechunk

    package init(framing: BodyFraming, downstream: HTTPVersion) {
        switch (framing, downstream) {
        case (.chunked, .http10): self = .dechunk
        case (.untilClose, .http11): self = .chunk
        default: self = .passthrough
        }
    }
}
