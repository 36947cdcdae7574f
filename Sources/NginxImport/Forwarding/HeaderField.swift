import Routing

/// A field of `proxy_set_header` that a rule has to set or remove.
struct HeaderField {
    let name: String
    /// Empty: the field is removed.
    var value: [ValuePart]
    let position: SourceLocation

    var isHost: Bool { name.lowercased() == "host" }

    /// Whether Berth sets the field to this value without a rule.
    static func isDefault(_ name: String, _ value: String, _ listen: Listen) -> Bool {
        switch name.lowercased() {
        case "connection", "upgrade", "te": true
        case "x-forwarded-for": ["$proxy_add_x_forwarded_for", "$remote_addr"].contains(value)
        case "x-forwarded-proto": value == "$scheme" && !listen.usesTLS
        case "x-forwarded-host", "host": value == "$http_host"
        case "x-request-id": value == "$request_id"
        case let lower where isOwn(lower): false
        default: value == variable(name)
        }
    }

    /// Whether Berth passes the field on only from `trusted_proxies`.
    static func isOwn(_ name: String) -> Bool {
        name.lowercased().hasPrefix("x-forwarded-")
            || [
                "x-real-ip", "forwarded", "true-client-ip", "x-original-url", "x-original-host",
                "x-rewrite-url",
            ].contains(name.lowercased())
    }

    /// `$http_x_beta` for `X-Beta`.
    static func variable(_ name: String) -> String {
        "$http_" + name.lowercased().replacing("-", with: "_")
    }

    /// Whether rules must not set the field.
    static func isReserved(_ name: String) -> Bool {
        [
            "transfer-encoding", "content-length", "trailer", "keep-alive", "proxy-connection", "expect",
            "http2-settings", "via", "proxy-status",
        ].contains(name.lowercased())
    }
}
