package import RoutingConfig

/// What a case expects of its request. Keys that it leaves out are not compared.
package struct Expectation: Sendable {
    /// The mapping under `expect`; nil: the case has none, and expects the request to reach an endpoint.
    package let node: YAMLNode?

    /// The keys of `expect` and of a tier in it, as in ``Outcome``.
    static let keys = ["status", "cause", "redirect", "front", "local", "request", "headers"]
    static let tierKeys = ["rule", "captures", "client", "target", "endpoints", "response"]

    /// A case that names none of these expects the request to reach an endpoint.
    static let endings = ["status", "cause", "redirect"]

    /// The differences between `outcome` and the expectation, in the file's order; empty: the case passes.
    package func differences(from outcome: Outcome) -> [Difference] {
        var found: [Difference] = []
        guard let node else { return Self.implicit(outcome) }
        Self.compare(node, outcome.value, path: [], &found)
        if !Self.endings.contains(where: { node[$0] != nil }) { found = Self.implicit(outcome) + found }
        return found
    }

    /// The differences if the request was expected to reach an endpoint without a key that says so.
    private static func implicit(_ outcome: Outcome) -> [Difference] {
        guard let status = outcome.value.value(of: "status") else { return [] }
        var found = [Difference(path: ["status"], expected: nil, actual: status)]
        for key in ["cause", "redirect"] {
            if let value = outcome.value.value(of: key) {
                found.append(Difference(path: [key], expected: nil, actual: value))
            }
        }
        return found
    }

    private static func compare(
        _ node: YAMLNode,
        _ actual: OutcomeValue?,
        path: [String],
        _ found: inout [Difference]
    ) {
        switch (node.content, actual) {
        case (.mapping(let pairs), .map?):
            for pair in pairs {
                guard let key = pair.key.text else { continue }
                let value = actual?.value(of: key, inAnyCase: path == ["headers"])
                compare(pair.value, value, path: path + [key], &found)
            }
        case (_, nil) where node.isNull:
            return
        default:
            if let actual, OutcomeValue(node).isSame(as: actual) { return }
            found.append(Difference(path: path, expected: OutcomeValue(node), actual: actual))
        }
    }
}

/// A difference between an expectation and the result.
package struct Difference: Sendable {
    /// The path of keys: `front`, `captures`, `app`.
    package let path: [String]
    /// Nil: the file has no such key; the request was expected to reach an endpoint.
    package let expected: OutcomeValue?
    /// Nil: the result has no such value.
    package let actual: OutcomeValue?

    package var key: String { path.joined(separator: ".") }

    package var expectedText: String { words(expected) }
    package var actualText: String { words(actual) }

    /// Without a status from Berth, the request is forwarded.
    private func words(_ value: OutcomeValue?) -> String {
        switch value {
        case nil, .nothing?: path == ["status"] ? "forwarded" : "nothing"
        case let value?: value.description
        }
    }
}
