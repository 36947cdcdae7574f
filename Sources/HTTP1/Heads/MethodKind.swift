/// A request method. Methods are case-sensitive (RFC 9110 §9.1): `get` is `.other`.
@usableFromInline
package enum MethodKind: UInt8, Hashable, Sendable, CaseIterable {
    case get, head, post, put, delete, options, connect, trace, patch
    /// Any other token; its bytes are in the head.
    case other

    /// Doing it twice is as good as doing it once (RFC 9110 §9.2.2). False for what we do not know.
    @inlinable
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .connect, .patch, .other: false
        }
    }
}
