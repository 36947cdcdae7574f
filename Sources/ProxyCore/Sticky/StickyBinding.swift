import Balancing

/// The tokens of one pool's endpoints, and how they travel.
struct StickyBinding {
    let session: StickySession
    private let tokens: StickyTokens
    /// Of each endpoint, in their order.
    private var names: [[UInt8]] = []
    private var indices: [[UInt8]: Int] = [:]

    /// - Parameter shared: of the tier: has the secret for settings without one.
    init(_ settings: StickySettings, pool: String, shared: SharedTargets) {
        session = StickySession(settings)
        tokens = StickyTokens(secret: settings.secret ?? shared.secret, pool: pool, sign: shared.sign)
    }

    mutating func name(_ upstreams: [Upstream]) {
        names = upstreams.map { tokens.token($0.endpoint, identity: $0.identity) }
        indices = [:]
        for (index, name) in names.enumerated() where !name.isEmpty { indices[name] = index }
    }

    /// The endpoint that a token names; nil: none.
    func index(of token: [UInt8]) -> Int? {
        token.isEmpty ? nil : indices[token]
    }

    /// - Returns: nil where the client carries the endpoint's token already.
    func field(of index: Int, carried: [UInt8], isSecure: Bool) -> (name: [UInt8], value: [UInt8])? {
        guard names.indices.contains(index), names[index] != carried, !names[index].isEmpty else {
            return nil
        }
        return session.field(names[index], isSecure: isSecure)
    }
}
