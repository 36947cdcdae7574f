/// The version of a message. 1.2 to 1.9 count as 1.1 (RFC 9110 §2.5).
package enum HTTPVersion: UInt8, Hashable, Sendable {
    case http10, http11
    /// Laid out as a head of HTTP/1.1: see `RequestHead.arrivedOverHTTP2`.
    case http2
}
