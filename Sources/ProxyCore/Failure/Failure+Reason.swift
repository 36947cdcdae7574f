extension Failure.Reason {
    /// No connection came about, so that the endpoint has received nothing of the request: another endpoint may
    /// get it, whatever its method.
    package var isConnectFailure: Bool {
        switch self {
        case .connectionRefused, .connectTimeout, .unroutable, .connectFailed, .tlsFailed, .tlsCertificate,
            .tlsAlert:
            true
        default: false
        }
    }

    /// The endpoint has certainly not processed the request, although it was sent (RFC 9113 §8.7).
    var isUnprocessed: Bool { self == .goneAway || self == .streamRefused }

    /// Another tier may be able to serve the request, where this one has not sent it anywhere.
    var mayEndElsewhere: Bool {
        switch self {
        case .unknownTarget, .nameTimeout, .nameError, .draining, .targetLimit, .endpointsDown,
            .outOfDescriptors:
            true
        default: isConnectFailure
        }
    }

    package var side: Failure.Side {
        switch self {
        case .malformedRequest, .methodNotAllowed, .notImplemented, .versionNotSupported,
            .requestTimeout, .bodyTooLarge, .expectationFailed, .uriTooLong, .headTooLarge, .downstreamClosed,
            .downstreamStalled, .malformedPath:
            .downstream
        case .noRule, .unsafeTarget, .unsafeHeader, .unsafePath, .unsafeRedirect, .matchLimit, .unknownTarget,
            .nameTimeout, .nameError, .prohibitedAddress,
            .loopDetected, .misdirectedRequest, .serverNameMismatch, .clientCertificateRequired, .draining,
            .targetLimit, .queueTimeout, .endpointsDown, .targetPaused,
            .targetStopped, .outOfDescriptors, .internal:
            .proxy
        case .connectionRefused, .connectionReset, .connectTimeout, .unroutable, .connectFailed,
            .tlsFailed, .tlsCertificate, .tlsAlert, .invalidResponse, .responseHeadTooLarge,
            .responseIncomplete,
            .upstreamTimeout, .upgradeFailed, .goneAway, .streamRefused, .streamReset:
            .upstream
        }
    }

    /// The status that the client receives if no response has begun (RFC 9110 §15).
    package var status: Int {
        switch self {
        case .malformedRequest, .malformedPath, .unsafeTarget, .unsafeHeader, .unsafePath, .unsafeRedirect,
            .serverNameMismatch:
            400
        case .clientCertificateRequired: 403
        case .noRule: 404
        case .methodNotAllowed: 405
        case .requestTimeout, .downstreamStalled: 408
        case .bodyTooLarge: 413
        case .uriTooLong: 414
        case .expectationFailed: 417
        case .misdirectedRequest: 421
        case .headTooLarge: 431
        // Only logged, never sent, as in nginx.
        case .downstreamClosed: 499
        case .matchLimit, .internal: 500
        case .notImplemented: 501
        case .connectionRefused, .connectionReset, .unroutable, .connectFailed, .tlsFailed, .tlsCertificate,
            .tlsAlert, .invalidResponse, .responseHeadTooLarge, .responseIncomplete, .upgradeFailed,
            .prohibitedAddress, .nameError, .streamReset:
            502
        case .unknownTarget, .draining, .targetLimit, .queueTimeout, .endpointsDown, .targetPaused,
            .targetStopped, .outOfDescriptors, .goneAway,
            .streamRefused:
            503
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
            .downstreamStalled, .malformedPath, .misdirectedRequest, .serverNameMismatch:
            "http_request_error"
        case .unsafeTarget, .unsafeHeader, .unsafePath, .unsafeRedirect, .clientCertificateRequired:
            "http_request_denied"
        case .noRule: "destination_not_found"
        case .unknownTarget, .draining, .endpointsDown, .targetPaused, .targetStopped:
            "destination_unavailable"
        case .nameTimeout: "dns_timeout"
        case .nameError: "dns_error"
        case .targetLimit, .queueTimeout, .outOfDescriptors: "connection_limit_reached"
        case .prohibitedAddress: "destination_ip_prohibited"
        case .loopDetected: "proxy_loop_detected"
        case .matchLimit, .internal: "proxy_internal_error"
        case .connectionRefused: "connection_refused"
        case .connectionReset, .streamReset: "connection_terminated"
        case .connectTimeout: "connection_timeout"
        case .unroutable: "destination_ip_unroutable"
        case .connectFailed, .goneAway, .streamRefused: "destination_unavailable"
        case .tlsFailed: "tls_protocol_error"
        case .tlsCertificate: "tls_certificate_error"
        case .tlsAlert: "tls_alert_received"
        case .invalidResponse: "http_protocol_error"
        case .responseHeadTooLarge: "http_response_header_section_size"
        case .responseIncomplete: "http_response_incomplete"
        case .upstreamTimeout: "http_response_timeout"
        case .upgradeFailed: "http_upgrade_failed"
        }
    }

    /// The message for the client, where the failure has no more exact one.
    package var message: String {
        switch self {
        case .malformedRequest: "the request is malformed"
        case .methodNotAllowed: "the method is not allowed"
        case .notImplemented: "the request uses a transfer coding that is not implemented"
        case .versionNotSupported: "the HTTP version is not supported"
        case .requestTimeout: "the request did not arrive in time"
        case .expectationFailed: "the request expects something that is not supported"
        case .bodyTooLarge: "the request body is larger than the limit"
        case .uriTooLong: "the request target is longer than the limit"
        case .headTooLarge: "the header block is larger than the limit"
        case .downstreamClosed: "the client closed the connection"
        case .downstreamStalled: "the client stopped sending or reading"
        case .noRule: "no rule matches this request"
        case .unsafeTarget: "the hostname yields no valid target"
        case .unsafeHeader: "the request yields an invalid header value"
        case .unsafePath: "the request yields an invalid path"
        case .unsafeRedirect: "the request yields an invalid redirect"
        case .malformedPath: "the path is malformed"
        case .matchLimit: "matching a rule exceeded the step limit"
        case .unknownTarget: "no name source has the target"
        case .nameTimeout: "the target's address could not be resolved in time"
        case .nameError: "the target's address could not be resolved"
        case .prohibitedAddress: "connecting to the target's address is not allowed"
        case .loopDetected: "the request has already passed this proxy"
        case .misdirectedRequest: "this connection was made for a host with other client certificates"
        case .serverNameMismatch:
            "the host and the server name of the TLS connection need different client certificates"
        case .clientCertificateRequired: "a client certificate is required"
        case .draining: "the proxy or the target is shutting down"
        case .targetLimit: "the target has as many requests as it may have at a time"
        case .queueTimeout: "the request waited too long for a place at the target"
        case .endpointsDown: "no endpoint of the target is up"
        case .targetPaused: "the target is paused"
        case .targetStopped: "the target is stopped"
        case .outOfDescriptors: "the proxy cannot open another connection"
        case .internal: "internal error"
        case .connectionRefused: "the target refused the connection"
        case .connectionReset: "the target closed the connection before it responded"
        case .connectTimeout: "the target did not accept the connection in time"
        case .unroutable: "there is no route to the target"
        case .connectFailed: "the connection to the target failed"
        case .tlsFailed: "the TLS handshake with the target failed"
        case .tlsCertificate: "the target's certificate is not accepted"
        case .tlsAlert: "the target refused the TLS connection"
        case .invalidResponse: "the target's response is not valid HTTP"
        case .responseHeadTooLarge: "the target's header block is larger than the limit"
        case .responseIncomplete: "the target's response ended too early"
        case .upstreamTimeout: "the target did not respond in time"
        case .upgradeFailed: "the target switched to a protocol that the request did not offer"
        case .goneAway: "the target ended its connections before it read the request"
        case .streamRefused: "the target accepts no further request on its connections"
        case .streamReset: "the target broke the request off"
        }
    }
}
