import ProxyCore

extension Failure.Reason {
    /// What an operator can do, in one or two sentences: docs/errors.md says more.
    var help: String {
        switch self {
        case .malformedRequest: "The client must send valid HTTP. The detail names its mistake."
        case .methodNotAllowed: "CONNECT and TRACE are not forwarded."
        case .notImplemented: "Only the transfer coding 'chunked' is supported."
        case .versionNotSupported: "The client must use HTTP/1.0, HTTP/1.1 or HTTP/2."
        case .requestTimeout:
            "The head (timeouts.client_header) or the body (timeouts.downstream) did not arrive in time."
        case .bodyTooLarge: "Raise limits.body, or max_body of the rule."
        case .expectationFailed: "Only 'Expect: 100-continue' is supported."
        case .uriTooLong: "Raise limits.uri."
        case .headTooLarge: "Raise limits.header_block or limits.header_fields. Often a cookie is large."
        case .downstreamClosed: "The client closed the connection first."
        case .downstreamStalled: "The client did not read its response for timeouts.downstream."
        case .noRule:
            "No rule matches: the trace shows why. Compare it with the host, the path and the method."
        case .unsafeTarget:
            "A capture was empty or has characters that a hostname cannot have. Narrow the pattern."
        case .unsafeHeader: "A capture has a control byte. Narrow the pattern."
        case .unsafePath: "A rewritten path would climb out of its root. Narrow the pattern."
        case .unsafeRedirect:
            "The redirect would lead to another host than the rule names. Narrow the pattern."
        case .malformedPath: "The path has an invalid %XX, a NUL, or climbs above '/'."
        case .matchLimit:
            "A pattern took too many steps on this input. Avoid nested repetitions: 'berth check' finds them."
        case .unknownTarget:
            "No name source has the target. Compare it with the names: 'berth names list' shows what etcd has."
        case .nameTimeout:
            "No name source replied within timeouts.resolve. Check the registry or the DNS server."
        case .nameError: "A name source failed: the tier's log names it and the reason."
        case .prohibitedAddress:
            "A name source returned an address that is never connected to. The detail says why: correct the name, or endpoint_networks of the rule."
        case .loopDetected:
            "A rule leads back to this tier. Give each tier one address: 'berth test --listen' shows where."
        case .misdirectedRequest:
            "The connection was made for a host with other client certificates. Browsers try again by themselves."
        case .serverNameMismatch: "The client must send the host as the server name (SNI)."
        case .clientCertificateRequired:
            "The client has shown no certificate of the CA that the rule needs."
        case .draining: "The tier or the endpoint was shutting down, and the time of the request was over."
        case .targetLimit:
            "The target has as many requests as it may have. Find out why its containers are slow, or raise limits.connections_per_target, max_requests or max_conns."
        case .queueTimeout:
            "The request waited too long in the queue of its pool. Look at how long the containers take."
        case .endpointsDown:
            "Each endpoint is down, or set to down or drain. 'berth pools why' shows what happened."
        case .targetPaused: "An operator paused the target. 'berth resume' ends it."
        case .targetStopped: "An operator stopped the target. 'berth resume' ends it."
        case .outOfDescriptors: "Raise LimitNOFILE (ulimit -n), or lower limits.connections."
        case .internal: "An error in Berth: please report it."
        case .connectionRefused:
            "Nothing listens at the endpoint. Check that it is up, and that the port is right."
        case .connectionReset: "The endpoint closed the connection before it responded. Look at its log."
        case .connectTimeout: "No reply within timeouts.connect: a firewall, or a host that is down."
        case .unroutable: "The machine has no route to the endpoint."
        case .connectFailed:
            "The connection failed, or each endpoint that could be tried failed: see the attempts."
        case .tlsFailed:
            "The endpoint does not speak TLS, or not as it must. The detail is its exact mistake."
        case .tlsCertificate:
            "The endpoint's certificate is not accepted. The detail says why; the tier's log has its names and times."
        case .tlsAlert: "The endpoint refused the TLS connection: often it demands a client certificate."
        case .invalidResponse: "The endpoint did not send valid HTTP. The detail is its exact mistake."
        case .responseHeadTooLarge: "Raise limits.header_block or limits.header_fields."
        case .responseIncomplete: "The endpoint closed before the end of its response. Look at its log."
        case .upstreamTimeout: "The endpoint sent nothing for timeouts.upstream. Look at why it is slow."
        case .upgradeFailed: "The endpoint did not change to the protocol that the client requested."
        case .goneAway:
            "The endpoint ended one HTTP/2 connection after the other. Look at how many requests it takes on each."
        case .streamRefused:
            "The endpoint refused the request's HTTP/2 stream each time: it has as many as it takes."
        case .streamReset:
            "The endpoint broke the request's HTTP/2 stream off. The detail is its code. Look at its log."
        }
    }
}
