/// What a template may use of the request itself.
package enum TemplateVariable: String, Sendable, CaseIterable {
    /// Path and query as received.
    case uri
    /// The path as received.
    case path
    /// The query as received, without `?`; empty if there is none.
    case query
    /// The query as received with its `?`; empty if there is none.
    case queryPart = "query_part"
    case method
    case scheme
    /// The normalised host.
    case requestHost = "request_host"
    /// Who sent the request: an address in its usual text.
    case clientAddress = "client_address"

    /// Whether the value is a URL's part already, and goes into URLs as it is.
    var isURLPart: Bool {
        switch self {
        case .uri, .path, .query, .queryPart: true
        case .method, .scheme, .requestHost, .clientAddress: false
        }
    }
}

extension RouteKey {
    /// Where the path ends in the target.
    var pathEnd: Int {
        for index in target.indices where target[index] == UInt8(ascii: "?") { return index }
        return target.count
    }

    /// Whether the request is for the whole server (`OPTIONS *`): it has no path.
    var isAsterisk: Bool { target.count == 1 && target[0] == UInt8(ascii: "*") }
}
