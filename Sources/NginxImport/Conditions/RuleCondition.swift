/// Everything that a rule can match of a request.
struct RuleCondition {
    var host = HostCondition.any
    var path = PathCondition.any
    /// Empty: every method.
    var methods: [String] = []
    var headers: [(name: String, value: String)] = []
    var clients: [String] = []
    /// The values of the maps that were looked up so far, by variable.
    var chosen: [String: [ValuePart]] = [:]

    /// Requests that match both.
    func and(_ other: RuleCondition) -> Joined {
        var both = self
        guard let host = host.and(other.host) else { return .never }
        both.host = host
        switch (path, other.path) {
        case (_, .any): break
        case (.any, let path), (.prefix("/"), let path): both.path = path
        case (let path, .pattern(let regex, under: nil, _)):
            guard let joined = path.and(regex) else { return .inexpressible }
            both.path = joined
        case (.exact(let a), .exact(let b)):
            if a != b { return .never }
        case (.prefix(let prefix), .exact(let path)), (.exact(let path), .prefix(let prefix)):
            guard path.hasPrefix(prefix) else { return .never }
            both.path = .exact(path)
        default: return .inexpressible
        }
        if !methods.isEmpty, !other.methods.isEmpty {
            both.methods = methods.filter(other.methods.contains)
            if both.methods.isEmpty { return .never }
        } else {
            both.methods = methods + other.methods
        }
        for header in other.headers {
            guard !headers.contains(where: { $0.name.lowercased() == header.name.lowercased() }) else {
                return .inexpressible
            }
            both.headers.append(header)
        }
        if !clients.isEmpty, !other.clients.isEmpty { return .inexpressible }
        both.clients = clients + other.clients
        both.chosen.merge(other.chosen) { own, _ in own }
        return .both(both)
    }

    enum Joined {
        case both(RuleCondition)
        /// No request matches both.
        case never
        /// A rule cannot have both conditions.
        case inexpressible
    }
}
