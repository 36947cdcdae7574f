/// What the rules say of one request. Owns all it holds.
public struct Decision: Sendable {
    /// The rule that matched; nil when none did.
    public let rule: Rule?
    public let captures: Captures
    public let outcome: Outcome
    /// Whether every request for this host gets this very decision, so that it may be
    /// remembered: no rule that was asked about anything but the host had a say.
    public let dependsOnHostAlone: Bool

    public var ruleIndex: Int? { rule?.index }
    public var ruleName: String? { rule?.name }
}

/// What is to be done with a request.
public enum Outcome: Sendable {
    case forward(Forward)
    case redirect(status: Int, location: [UInt8])
    case respond(status: Int, contentType: String?, body: [UInt8])
    case refuse(Refusal)
}
