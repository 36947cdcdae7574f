package import Routing

/// What `split` and `failover` of pools made of one request's target.
package final class TargetChoice {
    /// Which part of a split a request goes to, and why.
    package struct Part {
        package let pool: Pool
        package let name: String
        /// For people: `header X-Canary`, `its cookie`, `weight`.
        package let why: String
        /// All parts with their weights now.
        package let parts: [(name: String, weight: Int)]
    }

    /// What a target picks an endpoint by.
    struct Keys {
        var balancingKey: [UInt8] = []
        var stickyToken: [UInt8] = []
    }

    /// The target that the request goes to now.
    var target: ForwardTarget
    /// Of a split; nil: the rule's target is not split.
    var part: (split: TargetSplit, index: Int, why: String)?
    /// The field that binds the client to the part; nil: it need not.
    var assignment: (name: [UInt8], value: [UInt8])?
    /// Of the targets that may take over, in their order: the request's head is gone by then.
    var later: [Keys] = []
    /// The targets that had no endpoint for the request, and why.
    package internal(set) var failures: [(target: String, failure: Failure)] = []

    init(_ target: ForwardTarget) {
        self.target = target
    }

    /// Nil: the rule's target is not split.
    package var splitPart: Part? {
        guard let part else { return nil }
        let (names, weights) = (part.split.names, part.split.weights)
        return Part(
            pool: part.split.pool,
            name: names.indices.contains(part.index) ? names[part.index] ?? "-" : "-",
            why: part.why,
            parts: zip(names, weights).map { ($0 ?? "-", Int($1)) }
        )
    }
}
