/// Where the body of a message ends (RFC 9112 §6.3).
@frozen @usableFromInline
package enum BodyFraming: Hashable, Sendable {
    /// There is no body.
    case none
    /// So many bytes, at most 2⁶³−1.
    case length(UInt64)
    case chunked
    /// Until the connection closes. Only answers.
    case untilClose

    /// Known to bring no byte: there is no body, or its length is 0.
    @inlinable package var isEmpty: Bool { self == .none || self == .length(0) }
}
