import Routing

/// A field of `proxy_set_header` that a rule has to set or remove.
struct HeaderField {
    let name: String
    /// Empty: the field is removed.
    var value: [ValuePart]
    let position: SourceLocation

    var isHost: Bool { name.lowercased() == "host" }

    /// Whether Berth sets the field to this value without a rule.
    static func isDefault(_ name: String, _ value: String) -> Bool {
        switch name.lowercased() {
        case "connection", "upgrade", "te": true
        case "x-forwarded-for": ["$proxy_add_x_forwarded_for", "$remote_addr"].contains(value)
        case "x-forwarded-proto": value == "$scheme"
        case "x-forwarded-host": ["$host", "$http_host"].contains(value)
        case "x-forwarded-port": value == "$server_port"
        case "x-request-id": value == "$request_id"
        case "host": value == "$http_host"
        default: value == "$http_" + name.lowercased().split(separator: "-").joined(separator: "_")
        }
    }

    /// Whether rules must not set the field.
    static func isReserved(_ name: String) -> Bool {
        [
            "transfer-encoding", "content-length", "trailer", "keep-alive", "proxy-connection", "expect",
            "http2-settings", "via", "proxy-status",
        ].contains(name.lowercased())
    }
}
