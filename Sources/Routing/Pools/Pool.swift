public import Balancing

/// How the endpoints of one target, or of each target of a pattern, share its requests.
public final class Pool: Sendable {
    /// For people: the name, or the pattern with its `~`.
    public let name: String
    /// Its position in the table's `pools`.
    public let index: Int
    public let settings: PoolSettings
    /// The endpoints that the pool names itself, in their order; empty: those of the name sources.
    public let members: [PoolEndpoint]
    /// What the request's hash is made of; nil for methods without one, and for `ip_hash`.
    public let hashKey: HashKey?
    /// Where it was written.
    public let origin: SourceLocation?

    init(_ definition: PoolDefinition, index: Int, hashKey: HashKey?) {
        self.name = definition.label
        self.index = index
        self.settings = definition.settings
        self.members = definition.endpoints
        self.hashKey = hashKey
        self.origin = definition.origin
    }
}
