import Routing

/// What a rule asks besides the host.
struct Conditions: Equatable {
    let path: String?
    let methods: Set<String>
    let headers: Set<HeaderMatch>
    let clients: [CIDR]

    init(_ definition: RuleDefinition) {
        path = definition.path
        methods = Set(definition.methods)
        headers = Set(
            definition.headers.map { HeaderMatch(name: $0.name.lowercased(), value: $0.value) }
        )
        clients = definition.clients
    }

    static let none = Conditions(RuleDefinition(name: "", action: .respond(status: 200)))

    /// Whether every request that fulfils the other conditions fulfils these; seen from the texts, so
    /// that a no may be wrong, a yes never.
    func cover(_ other: Conditions) -> Bool {
        guard coversPath(other.path), headers.isSubset(of: other.headers) else { return false }
        if !methods.isEmpty, other.methods.isEmpty || !other.methods.isSubset(of: methods) { return false }
        if !clients.isEmpty {
            guard !other.clients.isEmpty else { return false }
            let networks = Set(clients)
            guard other.clients.allSatisfy(networks.contains) else { return false }
        }
        return true
    }

    private func coversPath(_ other: String?) -> Bool {
        // A rule that asks for a path refuses paths without a normal form; one that does not, takes them.
        guard let path else { return true }
        guard let other else { return false }
        if path == other { return true }
        // A prefix of a longer prefix, or of an exact path.
        guard path.hasPrefix("/") else { return false }
        let literal = other.hasPrefix("=") ? Array(other.utf8.dropFirst()) : Array(other.utf8)
        return !other.hasPrefix("~") && literal.starts(with: path.utf8)
    }
}
