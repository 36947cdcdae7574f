/// The side of an HTTP/2 connection that a session is.
package enum HTTP2Role: Sendable {
    case server
    /// All of its requests have one scheme.
    case client(isSecure: Bool)
}
