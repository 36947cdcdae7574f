/// The words for why the proxy itself responds, which `error_pages` and logs use: those of `docs/errors.md`.
package enum FailureCause {
    package static let names = [
        "malformed_request", "method_not_allowed", "not_implemented", "version_not_supported",
        "request_timeout",
        "body_too_large", "expectation_failed", "uri_too_long", "head_too_large", "downstream_closed",
        "downstream_stalled", "no_rule", "unsafe_target", "unsafe_header", "unsafe_path", "unsafe_redirect",
        "malformed_path", "match_limit", "unknown_target", "name_timeout", "name_error", "prohibited_address",
        "loop_detected", "misdirected_request", "server_name_mismatch", "client_certificate_required",
        "draining", "target_limit", "queue_timeout", "endpoints_down", "target_paused",
        "target_stopped", "out_of_descriptors", "internal_error",
        "connection_refused",
        "connection_reset", "connect_timeout", "unroutable", "connect_failed", "tls_failed",
        "tls_certificate", "tls_alert", "invalid_response",
        "response_head_too_large", "response_incomplete", "upstream_timeout", "upgrade_failed",
        "gone_away", "stream_refused", "stream_reset",
    ]
}
