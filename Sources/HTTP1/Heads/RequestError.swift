/// Why a request head is refused. After any of these the connection's bytes cannot be trusted any more:
/// answer with `status`, then close.
package enum RequestError: Error, Hashable, Sendable {
    /// The method is no token, or longer than `HTTP1Constants.methodBytes`, or an empty line too many stands
    /// in front of it.
    case badMethod
    /// `CONNECT`: Berth opens no tunnels on request.
    case methodNotAllowed
    /// The target has a byte it must not have (control, space, DEL, `#`), or none of the forms of
    /// RFC 9112 §3.2. Bytes from 0x80 on are taken, as curl and others send them, and passed on as they are.
    case badTarget
    /// The target is longer than `HeadLimits.targetBytes`.
    case targetTooLong
    /// What follows the target is not `HTTP/` digit `.` digit and a line end.
    case badVersion
    /// A major version other than 1.
    case versionNotSupported
    /// HTTP/1.1 without `Host`. RFC 9112 §3.2.
    case missingHost
    /// More than one `Host`, be they equal.
    case severalHosts
    /// `Host`, or the authority of the target, is empty, has a byte other than letters, digits, `-._~`,
    /// is no bracketed IPv6 address, names a user, or has a port above 65535.
    case badHost
    /// An expectation other than `100-continue`. RFC 9110 §10.1.1.
    case unknownExpectation
    /// `TRACE` with a body. RFC 9110 §9.3.8.
    case traceWithBody
    /// More bytes than `HeadLimits.headBytes` before the empty line.
    case headTooLarge
    case field(FieldError)
    case framing(FramingError)

    /// The word in the access log (`detail`); never renamed.
    package var token: String {
        switch self {
        case .badMethod: "method_invalid"
        case .methodNotAllowed: "method_not_allowed"
        case .badTarget: "target_invalid"
        case .targetTooLong: "target_too_long"
        case .badVersion: "version_invalid"
        case .versionNotSupported: "version_not_supported"
        case .missingHost: "host_missing"
        case .severalHosts: "several_hosts"
        case .badHost: "host_invalid"
        case .unknownExpectation: "expectation_unknown"
        case .traceWithBody: "trace_with_body"
        case .headTooLarge: "head_too_large"
        case .field(let error): error.token
        case .framing(let error): error.token
        }
    }

    /// A constant sentence, without any byte from the peer.
    package var message: String {
        switch self {
        case .badMethod: "the request does not begin with a method"
        case .methodNotAllowed: "CONNECT is not allowed here"
        case .badTarget: "the request target is malformed"
        case .targetTooLong: "the request target is longer than the limit"
        case .badVersion: "the request line does not end in an HTTP version"
        case .versionNotSupported: "only HTTP/1.0 and HTTP/1.1 are spoken here"
        case .missingHost: "the request has no Host"
        case .severalHosts: "the request has more than one Host"
        case .badHost: "the request's host is malformed"
        case .unknownExpectation: "the request expects something other than 100-continue"
        case .traceWithBody: "a TRACE request has a body"
        case .headTooLarge: "the request head is longer than the limit"
        case .field(let error): error.message
        case .framing(let error): error.message
        }
    }
}
