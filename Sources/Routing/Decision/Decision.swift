/// The result of the rules for one request. Owns its content.
public struct Decision: Sendable {
    /// The rule that matched; nil if no rule did.
    public let rule: Rule?
    public let captures: Captures
    public let outcome: Outcome
    /// Whether every request for this host gets this very decision, so that it may be
    /// remembered: no condition on anything but the host took part in it.
    public let dependsOnHostAlone: Bool
    /// What the rule changes in responses; nil: nothing.
    public var response: ResponseEdits?

    /// A response that no rule decided.
    package static func responding(status: Int) -> Decision {
        Decision(
            rule: nil,
            captures: .none,
            outcome: .respond(status: status, contentType: nil, body: []),
            dependsOnHostAlone: false
        )
    }

    /// A redirect that no rule decided.
    package static func redirecting(status: Int, location: [UInt8]) -> Decision {
        Decision(
            rule: nil,
            captures: .none,
            outcome: .redirect(status: status, location: location),
            dependsOnHostAlone: false
        )
    }

    /// A request that the proxy itself makes.
    package static func forwarding(_ forward: Forward) -> Decision {
        Decision(rule: nil, captures: .none, outcome: .forward(forward), dependsOnHostAlone: false)
    }

    public var ruleIndex: Int? { rule?.index }
    public var ruleName: String? { rule?.name }
}

extension Decision: CustomStringConvertible {
    /// One line: `rule saas: forward to host_01:9000`, `no rule: refused, 404 no_rule`.
    public var description: String {
        let what =
            switch outcome {
            case .forward(let forward): "forward to \(forward.target)"
            case .redirect(let status, let location):
                "redirect \(status) to \(String(decoding: location, as: UTF8.self))"
            case .respond(let status, _, _): "respond \(status)"
            case .refuse(let refusal): "refused, \(refusal.status) \(refusal.reason.token)"
            }
        return (ruleName.map { "rule \($0): " } ?? "no rule: ") + what
    }
}

/// What is to be done with a request.
public enum Outcome: Sendable {
    case forward(Forward)
    case redirect(status: Int, location: [UInt8])
    case respond(status: Int, contentType: String?, body: [UInt8])
    case refuse(Refusal)
}
