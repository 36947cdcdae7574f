package import HTTP1
package import Routing

extension Failure {
    /// A request head that is not accepted.
    package init(_ error: RequestError) {
        let reason: Reason =
            switch error {
            case .badMethod, .tlsHandshake, .http2Preface, .badTarget, .badVersion, .missingHost,
                .severalHosts, .badHost, .traceWithBody:
                .malformedRequest
            case .methodNotAllowed: .methodNotAllowed
            case .targetTooLong: .uriTooLong
            case .unknownExpectation: .expectationFailed
            case .versionNotSupported: .versionNotSupported
            case .headTooLarge: .headTooLarge
            case .field(let error): error.isOverLimit ? .headTooLarge : .malformedRequest
            case .framing(.unknownCoding): .notImplemented
            case .framing: .malformedRequest
            }
        self.init(reason, error.message, detail: error.token)
    }

    /// A request body that is not accepted.
    package init(requestBody error: BodyError) {
        let reason: Reason =
            if case .trailer(let error) = error, error.isOverLimit { .headTooLarge } else {
                .malformedRequest
            }
        self.init(reason, error.message, detail: error.token)
    }

    /// A response head that is not accepted.
    package init(_ error: ResponseError) {
        let reason: Reason =
            switch error {
            case .headTooLarge: .responseHeadTooLarge
            case .field(let error): error.isOverLimit ? .responseHeadTooLarge : .invalidResponse
            case .badVersion, .versionNotSupported, .badStatus, .badReason, .framing: .invalidResponse
            }
        self.init(reason, error.message, detail: error.token)
    }

    /// A response body that is not accepted.
    package init(responseBody error: BodyError) {
        self.init(.invalidResponse, error.message, detail: error.token)
    }

    /// A decision that has no target.
    package init(_ refusal: Refusal) {
        let reason: Reason =
            switch refusal.reason {
            case .noRule: .noRule
            case .matchLimit: .matchLimit
            case .malformedPath: .malformedPath
            case .unsafeTarget: .unsafeTarget
            case .unsafeHeader: .unsafeHeader
            case .unsafePath: .unsafePath
            case .unsafeRedirect: .unsafeRedirect
            }
        self.init(reason)
    }
}

extension FieldError {
    /// Whether the fields are well formed, and only too many or too large.
    fileprivate var isOverLimit: Bool {
        switch self {
        case .tooMany, .tooLarge: true
        case .emptyName, .badName, .spaceBeforeColon, .missingColon, .folded, .badValue, .bareCR, .bareLF:
            false
        }
    }
}
