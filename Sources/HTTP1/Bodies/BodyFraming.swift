/// Where the body of a message ends (RFC 9112 §6.3).
@frozen @usableFromInline
package enum BodyFraming: Hashable, Sendable {
    /// There is no body.
    case none
    /// After this many bytes, at most 2⁶³−1.
    case length(UInt64)
    case chunked
    /// Until the connection closes. Only in responses.
    case untilClose

    /// No byte follows for certain: there is no body, or its length is 0.
    @inlinable package var isEmpty: Bool { self == .none || self == .length(0) }
}
