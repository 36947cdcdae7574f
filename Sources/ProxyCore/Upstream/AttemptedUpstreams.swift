/// The upstreams that one request could not be sent to. No allocation for the first.
package struct AttemptedUpstreams {
    private var first: Upstream?
    private var others: [Upstream] = []

    package init() {}

    package var isEmpty: Bool { first == nil }
    package var count: Int { (first == nil ? 0 : 1) + others.count }

    package func contains(_ upstream: Upstream) -> Bool {
        first === upstream || others.contains { $0 === upstream }
    }

    package mutating func insert(_ upstream: Upstream) {
        guard !contains(upstream) else { return }
        if first == nil { first = upstream } else { others.append(upstream) }
    }

    package mutating func removeAll() { self = AttemptedUpstreams() }
}
