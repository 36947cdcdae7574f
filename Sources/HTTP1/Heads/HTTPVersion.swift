/// The version of a message. 1.2 to 1.9 count as 1.1 (RFC 9110 §2.5).
package enum HTTPVersion: UInt8, Hashable, Sendable {
    case http10, http11
}

/// In which form the target of a request came (RFC 9112 §3.2). Authority-form is refused with `CONNECT`.
package enum TargetForm: UInt8, Hashable, Sendable {
    /// `/path?query`.
    case origin
    /// `http://host/path?query`: its authority wins over `Host`.
    case absolute
    /// `*`, with `OPTIONS`; also `OPTIONS http://host` without path and query (RFC 9112 §3.2.4).
    case asterisk
}
