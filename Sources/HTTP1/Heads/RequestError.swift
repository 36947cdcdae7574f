/// Why a request head is not accepted. After any of these nothing that follows on the connection can be trusted:
/// respond, then close.
package enum RequestError: Error, Hashable, Sendable {
    /// The method is not a token, or is longer than `HTTP1Constants.methodBytes`, or more than one empty line comes
    /// before it.
    case badMethod
    /// The first byte is that of a TLS handshake (RFC 8446 §5.1): no method begins with it.
    case tlsHandshake
    /// The preface of HTTP/2 with prior knowledge (RFC 9113 §3.4).
    case http2Preface
    /// `CONNECT`: Berth does not open tunnels on request.
    case methodNotAllowed
    /// The target has an invalid byte (control, space, DEL, `#`), or none of the forms of RFC 9112 §3.2. Bytes from
    /// 0x80 on are accepted, because curl and others send them, and pass on unchanged.
    case badTarget
    /// The target is longer than `HeadLimits.targetBytes`.
    case targetTooLong
    /// The target is not followed by `HTTP/` digit `.` digit and a line end.
    case badVersion
    /// A major version other than 1.
    case versionNotSupported
    /// HTTP/1.1 without `Host`. RFC 9112 §3.2.
    case missingHost
    /// More than one `Host`, even if they are equal.
    case severalHosts
    /// `Host`, or the authority of the target, is empty, has a byte other than letters, digits, `-._~`
    /// and is not a bracketed IPv6 address, contains a user, or has a port above 65535.
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
        case .tlsHandshake: "tls_handshake"
        case .http2Preface: "http2_preface"
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
        case .tlsHandshake:
            "this port speaks plain HTTP, and the client sent TLS: use http:// or another port"
        case .http2Preface: "this port speaks plain HTTP/1.1, and the client sent HTTP/2"
        case .methodNotAllowed: "CONNECT is not allowed"
        case .badTarget: "the request target is malformed"
        case .targetTooLong: "the request target is longer than the limit"
        case .badVersion: "the request line does not end in an HTTP version"
        case .versionNotSupported: "only HTTP/1.0 and HTTP/1.1 are supported"
        case .missingHost: "the request has no Host"
        case .severalHosts: "the request has more than one Host"
        case .badHost: "the host of the request is malformed"
        case .unknownExpectation: "the request has an expectation other than 100-continue"
        case .traceWithBody: "a TRACE request has a body"
        case .headTooLarge: "the request head is longer than the limit"
        case .field(let error): error.message
        case .framing(let error): error.message
        }
    }

    /// The protocol that the client spoke instead of HTTP/1; nil: this one, or none that is known.
    package var otherProtocol: StaticString? {
        switch self {
        case .tlsHandshake: "TLS"
        case .http2Preface: "HTTP/2"
        default: nil
        }
    }
}
