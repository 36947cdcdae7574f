import ProxyCore
import Routing

/// The part of a split that a request goes to, in a dry run's report.
package struct SplitReport: Encodable, Sendable {
    package struct Part: Encodable, Sendable {
        package let target: String
        package let weight: Int
    }

    /// The pool that says so, by its name or its pattern.
    package let name: String
    /// `file:line` of the pool.
    package let location: String?
    /// The target that the request goes to.
    package let target: String
    /// What decided: `weight`, `header X-Canary`, `cookie canary`, `its token`.
    package let by: String
    package let parts: [Part]

    init(_ part: TargetChoice.Part) {
        name = part.pool.name
        location = part.pool.origin.map { "\($0.file):\($0.line)" }
        target = part.name
        by = part.why
        parts = part.parts.map { Part(target: $0.name, weight: $0.weight) }
    }

    /// For people: `shop (front.yaml:7) · shop-v1 90, shop-v2 10 · shop-v1 by weight`.
    var words: String {
        let parts = parts.map { "\($0.target) \($0.weight)" }.joined(separator: ", ")
        return name + (location.map { " (\($0))" } ?? "") + " · \(parts) · \(target) by \(by)"
    }
}

/// A target that had no endpoint for a request, in a dry run's report.
package struct FailoverReport: Encodable, Sendable {
    package let target: String
    /// The word for the cause, as in the access log.
    package let reason: String
    package let detail: String

    init(_ target: String, _ failure: Failure) {
        self.target = target
        reason = failure.reason.rawValue
        detail = failure.message
    }
}
