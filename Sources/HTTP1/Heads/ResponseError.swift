/// Why a response head is not accepted. The connection must be closed: what follows on it cannot be distinguished
/// from the rest of this response.
package enum ResponseError: Error, Hashable, Sendable {
    /// The line does not begin with `HTTP/` digit `.` digit and a space.
    case badVersion
    /// A major version other than 1.
    case versionNotSupported
    /// The status is not three digits from 100 to 599 and then a space or the line end.
    case badStatus
    /// The reason phrase has a control byte.
    case badReason
    /// More bytes than `HeadLimits.headBytes` before the empty line.
    case headTooLarge
    case field(FieldError)
    case framing(FramingError)

    /// The word in the access log (`detail`); never renamed.
    package var token: String {
        switch self {
        case .badVersion: "version_invalid"
        case .versionNotSupported: "version_not_supported"
        case .badStatus: "status_invalid"
        case .badReason: "reason_invalid"
        case .headTooLarge: "head_too_large"
        case .field(let error): error.token
        case .framing(let error): error.token
        }
    }

    /// A constant sentence, without any byte from the peer.
    package var message: String {
        switch self {
        case .badVersion: "the response does not begin with an HTTP version"
        case .versionNotSupported: "the HTTP version of the response is not 1.x"
        case .badStatus: "the status of the response is not a number from 100 to 599"
        case .badReason: "the reason phrase of the response has a control byte"
        case .headTooLarge: "the response head is longer than the limit"
        case .field(let error): error.message
        case .framing(let error): error.message
        }
    }
}
