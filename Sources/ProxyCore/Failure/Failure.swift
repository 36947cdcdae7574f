/// Why an exchange failed: the one vocabulary of the client's response, the log and the counters.
///
/// What follows from a failure depends on its reason, never on its text.
package struct Failure: Error, Equatable, Sendable {
    /// Where it arose.
    package enum Side: String, Sendable {
        /// The client: what it sent, or that it closed the connection.
        case downstream
        /// The endpoint.
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
        case misdirectedRequest = "misdirected_request"
        case serverNameMismatch = "server_name_mismatch"
        case clientCertificateRequired = "client_certificate_required"
        case draining = "draining"
        case targetLimit = "target_limit"
        case queueTimeout = "queue_timeout"
        case endpointsDown = "endpoints_down"
        case targetPaused = "target_paused"
        case targetStopped = "target_stopped"
        case outOfDescriptors = "out_of_descriptors"
        case `internal` = "internal_error"

        case connectionRefused = "connection_refused"
        case connectionReset = "connection_reset"
        case connectTimeout = "connect_timeout"
        case unroutable = "unroutable"
        case connectFailed = "connect_failed"
        case tlsFailed = "tls_failed"
        case tlsCertificate = "tls_certificate"
        case tlsAlert = "tls_alert"
        case invalidResponse = "invalid_response"
        case responseHeadTooLarge = "response_head_too_large"
        case responseIncomplete = "response_incomplete"
        case upstreamTimeout = "upstream_timeout"
        case upgradeFailed = "upgrade_failed"
        case goneAway = "gone_away"
        case streamRefused = "stream_refused"
        case streamReset = "stream_reset"
    }

    package let reason: Reason
    /// A constant sentence that may be shown to the client: no internal addresses.
    package let message: String
    /// The exact mistake in one constant word, for the log; nil where the reason says all.
    package let detail: String?

    /// - Parameters:
    ///   - message: nil for the reason's own.
    ///   - detail: letters, digits and underscores.
    package init(_ reason: Reason, _ message: String? = nil, detail: String? = nil) {
        self.reason = reason
        self.message = message ?? reason.message
        self.detail = detail
    }

    /// What `cause` means for the exchange as a whole, with its message and detail.
    package init(_ reason: Reason, cause: Failure) {
        self.init(reason, cause.message, detail: cause.detail)
    }

    package var side: Side { reason.side }
    package var status: Int { reason.status }
    package var proxyStatus: String { reason.proxyStatus }
}
