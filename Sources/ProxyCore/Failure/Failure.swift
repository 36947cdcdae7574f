package import HTTP1
package import Routing

/// Why an exchange did not end well: the one vocabulary of the client's answer,
/// the log and the metrics.
///
/// Text of errors is never compared; what is to be done follows from the reason.
package struct Failure: Error, Equatable, Sendable {
    /// Where it arose.
    package enum Side: String, Sendable {
        /// The sender of the request: what it sent, or that it went away.
        case downstream
        /// The one the request is sent to.
        case upstream
        /// Berth itself: its rules, its limits, its configuration.
        case proxy
    }

    /// What happened. The raw value is the word in the access log (`cause`).
    package enum Reason: String, Sendable, CaseIterable {
        case malformedRequest = "malformed_request"
        case methodNotAllowed = "method_not_allowed"
        case notImplemented = "not_implemented"
        case versionNotSupported = "version_not_supported"
        case requestTimeout = "request_timeout"
        case bodyTooLarge = "body_too_large"
        case expectationFailed = "expectation_failed"
        case uriTooLong = "uri_too_long"
        case headTooLarge = "head_too_large"
        case downstreamClosed = "downstream_closed"
        case downstreamStalled = "downstream_stalled"

        case noRule = "no_rule"
        case unsafeTarget = "unsafe_target"
        case unsafeHeader = "unsafe_header"
        case unsafePath = "unsafe_path"
        case unsafeRedirect = "unsafe_redirect"
        case malformedPath = "malformed_path"
        case matchLimit = "match_limit"
        case unknownTarget = "unknown_target"
        case nameTimeout = "name_timeout"
        case nameError = "name_error"
        case prohibitedAddress = "prohibited_address"
        case loopDetected = "loop_detected"
        case draining = "draining"
        case outOfDescriptors = "out_of_descriptors"
        case `internal` = "internal_error"

        case connectionRefused = "connection_refused"
        case connectionReset = "connection_reset"
        case connectTimeout = "connect_timeout"
        case unroutable = "unroutable"
        case connectFailed = "connect_failed"
        case invalidResponse = "invalid_response"
        case responseHeadTooLarge = "response_head_too_large"
        case responseIncomplete = "response_incomplete"
        case upstreamTimeout = "upstream_timeout"
        case upgradeFailed = "upgrade_failed"
    }

    package let reason: Reason
    /// A constant sentence that may be shown to the client: no inner addresses.
    package let detail: String

    package init(_ reason: Reason, _ detail: String? = nil) {
        self.reason = reason
        self.detail = detail ?? reason.detail
    }

    package var side: Side { reason.side }
    package var status: Int { reason.status }
    package var proxyStatus: String { reason.proxyStatus }
}

extension Failure {
    /// A request head that is refused (`HTTP1` says why; here it gets its word).
    package init(_ error: RequestError) {
        let reason: Reason =
            switch error.status {
            case 405: .methodNotAllowed
            case 414: .uriTooLong
            case 417: .expectationFailed
            case 431: .headTooLarge
            case 501: .notImplemented
            case 505: .versionNotSupported
            default: .malformedRequest
            }
        self.init(reason, error.detail.description)
    }

    /// A request body that is refused.
    package init(_ error: BodyError) {
        self.init(error.status == 431 ? .headTooLarge : .malformedRequest, error.detail.description)
    }

    /// A decision that names why there is no target.
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

    /// An answer's head that is refused.
    package init(_ error: ResponseError) {
        switch error {
        case .headTooLarge, .field(.tooMany), .field(.tooLarge):
            self.init(.responseHeadTooLarge, error.detail.description)
        default:
            self.init(.invalidResponse, error.detail.description)
        }
    }
}

extension Failure.Reason {
    package var side: Failure.Side {
        switch self {
        case .malformedRequest, .methodNotAllowed, .notImplemented, .versionNotSupported,
            .requestTimeout, .bodyTooLarge, .expectationFailed, .uriTooLong, .headTooLarge, .downstreamClosed,
            .downstreamStalled, .malformedPath:
            .downstream
        case .noRule, .unsafeTarget, .unsafeHeader, .unsafePath, .unsafeRedirect, .matchLimit, .unknownTarget,
            .nameTimeout, .nameError, .prohibitedAddress,
            .loopDetected, .draining, .outOfDescriptors, .internal:
            .proxy
        case .connectionRefused, .connectionReset, .connectTimeout, .unroutable, .connectFailed,
            .invalidResponse, .responseHeadTooLarge, .responseIncomplete, .upstreamTimeout, .upgradeFailed:
            .upstream
        }
    }

    /// The status a client gets, when no answer has begun yet (RFC 9110 §15).
    package var status: Int {
        switch self {
        case .malformedRequest, .malformedPath, .unsafeTarget, .unsafeHeader, .unsafePath, .unsafeRedirect:
            400
        case .noRule: 404
        case .methodNotAllowed: 405
        case .requestTimeout, .downstreamStalled: 408
        case .bodyTooLarge: 413
        case .uriTooLong: 414
        case .expectationFailed: 417
        case .headTooLarge: 431
        // Never sent; the access log's word for it, as in nginx.
        case .downstreamClosed: 499
        case .matchLimit, .internal: 500
        case .notImplemented: 501
        case .connectionRefused, .connectionReset, .unroutable, .connectFailed, .invalidResponse,
            .responseHeadTooLarge, .responseIncomplete, .upgradeFailed, .prohibitedAddress, .nameError:
            502
        case .unknownTarget, .draining, .outOfDescriptors: 503
        case .connectTimeout, .upstreamTimeout, .nameTimeout: 504
        case .versionNotSupported: 505
        case .loopDetected: 508
        }
    }

    /// The error token of the `Proxy-Status` field (RFC 9209 §2.3).
    package var proxyStatus: String {
        switch self {
        case .malformedRequest, .methodNotAllowed, .notImplemented, .versionNotSupported,
            .requestTimeout, .bodyTooLarge, .expectationFailed, .uriTooLong, .headTooLarge, .downstreamClosed,
            .downstreamStalled, .malformedPath:
            "http_request_error"
        case .unsafeTarget, .unsafeHeader, .unsafePath, .unsafeRedirect: "http_request_denied"
        case .noRule: "destination_not_found"
        case .unknownTarget, .draining: "destination_unavailable"
        case .nameTimeout: "dns_timeout"
        case .nameError: "dns_error"
        case .outOfDescriptors: "connection_limit_reached"
        case .prohibitedAddress: "destination_ip_prohibited"
        case .loopDetected: "proxy_loop_detected"
        case .matchLimit, .internal: "proxy_internal_error"
        case .connectionRefused: "connection_refused"
        case .connectionReset: "connection_terminated"
        case .connectTimeout: "connection_timeout"
        case .unroutable: "destination_ip_unroutable"
        case .connectFailed: "destination_unavailable"
        case .invalidResponse: "http_protocol_error"
        case .responseHeadTooLarge: "http_response_header_section_size"
        case .responseIncomplete: "http_response_incomplete"
        case .upstreamTimeout: "http_response_timeout"
        case .upgradeFailed: "http_upgrade_failed"
        }
    }

    /// What a client is told, unless the place that failed knows better.
    package var detail: String {
        switch self {
        case .malformedRequest: "the request is malformed"
        case .methodNotAllowed: "the method is not allowed through this proxy"
        case .notImplemented: "the request uses a transfer coding that is not implemented"
        case .versionNotSupported: "the HTTP version is not supported"
        case .requestTimeout: "the request did not arrive in time"
        case .expectationFailed: "the request expects something that is not supported"
        case .bodyTooLarge: "the request body is larger than is allowed"
        case .uriTooLong: "the request target is longer than is allowed"
        case .headTooLarge: "the header block is larger than is allowed"
        case .downstreamClosed: "the client went away"
        case .downstreamStalled: "the client stopped sending or reading"
        case .noRule: "no rule matches this request"
        case .unsafeTarget: "the hostname yields no valid target"
        case .unsafeHeader: "the request yields an invalid header value"
        case .unsafePath: "the request yields an invalid path"
        case .unsafeRedirect: "the request yields an invalid redirect"
        case .malformedPath: "the path is malformed"
        case .matchLimit: "matching a rule took more work than is allowed"
        case .unknownTarget: "no name source knows the target"
        case .nameTimeout: "the target's address could not be found out in time"
        case .nameError: "the target's address could not be found out"
        case .prohibitedAddress: "the target's address is not one to connect to"
        case .loopDetected: "the request has already passed this proxy"
        case .draining: "the proxy is shutting down"
        case .outOfDescriptors: "the proxy has no room for another connection"
        case .internal: "internal error"
        case .connectionRefused: "the target refused the connection"
        case .connectionReset: "the target closed the connection before it answered"
        case .connectTimeout: "the target did not accept the connection in time"
        case .unroutable: "there is no route to the target"
        case .connectFailed: "the connection to the target failed"
        case .invalidResponse: "the target's answer is not valid HTTP"
        case .responseHeadTooLarge: "the target's header block is larger than is allowed"
        case .responseIncomplete: "the target's answer ended too early"
        case .upstreamTimeout: "the target did not answer in time"
        case .upgradeFailed: "the target switched protocols without being asked"
        }
    }
}
