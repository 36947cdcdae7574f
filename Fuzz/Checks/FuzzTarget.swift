/// What is fuzzed, and by what it is judged. A fuzzer and the tests enter here, so that whatever one of them
/// ever found is found by the other again.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// Bytes of a connection, from a request's first.
    case requestHead = "request-head"
    /// Bytes of a connection, from an answer's first.
    case responseHead = "response-head"
    /// Bytes of a chunked body and what follows; read also as a body with a length, and one until close.
    case body
    /// A request, the byte 0x1E, and an answer to it: what is passed on of both, read again.
    case exchange
    /// A client's bytes, the byte 0x1E, and what the target answers to each request: the data path itself.
    case connection
    /// The first bytes of a connection with TLS.
    case clientHello = "client-hello"
    /// What follows the preface of an HTTP/2 connection: frames of a client.
    case http2 = "http2"

    /// Longest input that is looked at, bytes; what is beyond is cut off. Far above every limit that matters
    /// here but those of whole heads, which the checks make smaller.
    public static let maximumBytes = 8 * 1024

    /// - Throws: what does not fit together. Input that is refused, or not complete, is no contradiction.
    public func check(_ input: [UInt8]) throws(Contradiction) {
        let bytes = input.count > Self.maximumBytes ? Array(input.prefix(Self.maximumBytes)) : input
        switch self {
        case .requestHead: try RequestHeadCheck.run(bytes)
        case .responseHead: try ResponseHeadCheck.run(bytes)
        case .body: try BodyCheck.run(bytes)
        case .exchange: try ExchangeCheck.run(bytes)
        case .connection: try ConnectionCheck.run(bytes)
        case .clientHello: try ClientHelloCheck.run(bytes)
        case .http2: try HTTP2Check.run(bytes)
        }
    }
}
