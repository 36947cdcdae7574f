package import RoutingConfig

/// What a case says of its request's way; what it leaves out is not looked at.
package struct Expectation: Sendable {
    /// The mapping under `expect`; nil: the case has none, and the request is to arrive.
    package let node: YAMLNode?

    /// Keys of `expect`, and of a tier in it: both are what ``Outcome`` has.
    static let keys = ["status", "cause", "redirect", "front", "local", "request", "headers"]
    static let tierKeys = ["rule", "captures", "client", "target", "endpoints"]

    /// A case that names none of these expects the request to reach an endpoint.
    static let endings = ["status", "cause", "redirect"]

    /// Where `outcome` is not as it is expected, in the file's order; empty: the case passes.
    package func differences(from outcome: Outcome) -> [Difference] {
        var found: [Difference] = []
        guard let node else { return Self.unwritten(outcome) }
        Self.compare(node, outcome.value, path: [], &found)
        if !Self.endings.contains(where: { node[$0] != nil }) { found = Self.unwritten(outcome) + found }
        return found
    }

    /// The request was to arrive, and nothing in the file says so.
    private static func unwritten(_ outcome: Outcome) -> [Difference] {
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

/// One thing that is not as it was expected.
package struct Difference: Sendable {
    /// The keys that lead to it: `front`, `captures`, `app`.
    package let path: [String]
    /// Nil: nothing was written, and the request was to arrive.
    package let expected: OutcomeValue?
    /// Nil: there is no such thing.
    package let actual: OutcomeValue?

    package var key: String { path.joined(separator: ".") }

    package var expectedText: String { words(expected) }
    package var actualText: String { words(actual) }

    /// A request without a status of Berth's own is forwarded.
    private func words(_ value: OutcomeValue?) -> String {
        switch value {
        case nil, .nothing?: path == ["status"] ? "forwarded" : "nothing"
        case let value?: value.description
        }
    }
}
