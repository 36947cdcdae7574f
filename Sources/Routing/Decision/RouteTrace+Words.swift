extension RouteTrace.Result {
    /// For people: what did not match, and how far it got.
    package var words: String {
        switch self {
        case .matched: "everything matches"
        case .host(matchedPrefix: nil): "the host is another"
        case .host(matchedPrefix: let count?): "the host does not match; the pattern got \(count) bytes far"
        case .path(matchedPrefix: nil): "the path is another"
        case .path(matchedPrefix: let count?): "the path does not match; the pattern got \(count) bytes far"
        case .method: "the method is not in its list"
        case .header(let name): "the header field \(name) does not match"
        case .client: "the client is in none of its networks"
        case .limit: "the pattern hit its match limit"
        case .malformedPath: "the path is malformed"
        }
    }
}
