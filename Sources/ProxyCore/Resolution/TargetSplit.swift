import Balancing
package import Routing

/// Weights that an operator has set in place of those of a rule file.
package struct SplitWeights: Sendable {
    /// The split that they were set for: they end when a rule file changes it.
    package let items: [SplitItem]
    /// Of each part; at least one is above 0.
    package let weights: [UInt16]

    package init(_ split: PoolSplit, weights: [UInt16]) {
        self.items = split.items
        self.weights = weights
    }
}

/// Whose turn it is among the parts of a target that is split, on one event loop: exactly in proportion to the weights,
/// spread evenly.
///
/// Updated in place: rules that are loaded again and weights that an operator sets count from the next request on.
final class TargetSplit {
    /// The target's name.
    let name: String
    private(set) var pool: Pool
    private(set) var names: [String?]
    private(set) var weights: [UInt16] = []
    /// An operator has set the weights.
    private(set) var isSet = false
    private(set) var session: StickySession?
    private var turns: WeightedRoundRobin
    /// The token of each part, and the other way round.
    private var tokens: [[UInt8]] = []
    private var partOfToken: [[UInt8]: Int] = [:]
    private let shared: SharedTargets
    /// It was used since `TargetSplits` last looked.
    var isInUse = true
    /// It is one of `TargetSplits`: what an operator sets reaches it.
    var isKept = false

    init(_ name: String, _ pool: Pool, names: [String?], shared: SharedTargets, seed: UInt64) {
        self.name = name
        self.pool = pool
        self.names = names
        self.shared = shared
        turns = WeightedRoundRobin(seed: UInt(truncatingIfNeeded: seed))
    }

    /// - Parameter set: by an operator; nil: the rule file's weights count.
    func update(_ pool: Pool, names: [String?], set: SplitWeights?) {
        let before = self.names
        self.pool = pool
        self.names = names
        isSet = set != nil
        weights = set?.weights ?? pool.split?.weights ?? []
        // What has no valid name gets no requests by weight.
        turns.update(
            names.indices.map { index -> (weight: UInt16, previous: Int?) in
                let weight = weights.indices.contains(index) && names[index] != nil ? weights[index] : 0
                return (weight, names[index].flatMap { before.firstIndex(of: $0) })
            }
        )
        nameTokens()
    }

    private func nameTokens() {
        session = pool.settings.sticky.map(StickySession.init)
        guard let settings = pool.settings.sticky else {
            (tokens, partOfToken) = ([], [:])
            return
        }
        let signer = StickyTokens(secret: settings.secret ?? shared.secret, pool: name, sign: shared.sign)
        tokens = names.map { $0.map(signer.token(part:)) ?? [] }
        partOfToken = [:]
        for (part, token) in tokens.enumerated() where !token.isEmpty { partOfToken[token] = part }
    }

    /// The part that a client's token binds it to; nil: none, or one that gets no requests any longer.
    func part(of token: [UInt8]) -> Int? {
        guard !token.isEmpty, let part = partOfToken[token], weights.indices.contains(part), weights[part] > 0
        else { return nil }
        return part
    }

    /// The part whose turn it is; nil: none has a weight and a valid name.
    func next() -> Int? {
        guard let part = turns.pick(), names.indices.contains(part), names[part] != nil, weights[part] > 0
        else { return nil }
        return part
    }

    /// The field that binds a client to a part; nil: clients are not bound.
    func assignment(to part: Int, isSecure: Bool) -> (name: [UInt8], value: [UInt8])? {
        guard let session, tokens.indices.contains(part), !tokens[part].isEmpty else { return nil }
        return session.field(tokens[part], isSecure: isSecure)
    }
}
