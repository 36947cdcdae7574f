/// The form in which the target of a request was received (RFC 9112 §3.2). Authority-form is refused with `CONNECT`.
package enum TargetForm: UInt8, Hashable, Sendable {
    /// `/path?query`.
    case origin
    /// `http://host/path?query`: its authority wins over `Host`.
    case absolute
    /// `*`, with `OPTIONS`; also `OPTIONS http://host` without path and query (RFC 9112 §3.2.4).
    case asterisk
}
