public import Balancing

/// How the endpoints of one target, or of each target of a pattern, share its requests.
public final class Pool: Sendable {
    /// The target's name in lower case, or the pattern with its `~`.
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
    /// Of its table: a later one has a higher number.
    package let generation: UInt64

    init(_ definition: PoolDefinition, name: String, index: Int, hashKey: HashKey?, generation: UInt64) {
        self.generation = generation
        self.name = name
        self.index = index
        self.settings = definition.settings
        self.members = definition.endpoints
        self.hashKey = hashKey
        self.origin = definition.origin
    }
}
