public import Balancing
import PCRE2

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
    /// The targets that requests go to in place of the pool's; nil: they go to its own endpoints.
    public let split: PoolSplit?
    /// The target that takes over where no endpoint of the pool's can be picked.
    public let failover: TargetName?
    /// What names of other targets take from the target's own; nil: they have no captures of it.
    private let match: (pattern: Pattern, groups: CaptureGroups)?
    /// Where it was written.
    public let origin: SourceLocation?
    /// Of its table: a later one has a higher number.
    package let generation: UInt64

    init(
        _ definition: PoolDefinition,
        name: String,
        index: Int,
        hashKey: HashKey?,
        split: PoolSplit?,
        failover: TargetName?,
        match: (pattern: Pattern, groups: CaptureGroups)?,
        generation: UInt64
    ) {
        self.generation = generation
        self.split = split
        self.failover = failover
        let usesGroups = split?.parts.contains(where: \.usesGroups) == true || failover?.usesGroups == true
        self.match = usesGroups ? match : nil
        self.name = name
        self.index = index
        self.settings = definition.settings
        self.members = definition.endpoints
        self.hashKey = hashKey
        self.origin = definition.origin
    }

    /// The targets that the pool leads to, with the keys that say so: `split.0.to`, `failover`.
    package var others: [(key: String, name: TargetName)] {
        var others: [(key: String, name: TargetName)] = []
        if let split {
            others = split.partOfItem.enumerated().map { ("split.\($0).to", split.parts[$1]) }
        }
        if let failover { others.append(("failover", failover)) }
        return others
    }

    /// The names of other targets for one target of the pool; nil: not a valid name.
    ///
    /// - Parameters:
    ///   - names: of this pool.
    ///   - target: the target's name.
    ///   - scratch: of the calling thread.
    package func expand(_ names: [TargetName], for target: String, scratch: RouteScratch) -> [String?] {
        var found: PatternMatch?
        if let match {
            let bytes = Array(target.utf8)
            if case .matched(let ranges) = match.pattern.match(bytes.span, scratch: scratch.match) {
                found = PatternMatch(text: bytes.span, ranges: ranges, groups: match.groups)
            }
        }
        return names.map { $0.name(for: target, found) }
    }
}
