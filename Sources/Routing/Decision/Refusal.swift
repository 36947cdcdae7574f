/// Why a request has no target.
public struct Refusal: Sendable, Hashable {
    public let reason: Reason
    /// The rule that refused; nil when no rule matched.
    public let ruleName: String?

    public init(reason: Reason, ruleName: String?) {
        self.reason = reason
        self.ruleName = ruleName
    }

    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// No rule matches the request.
        case noRule = "no_rule"
        /// A pattern took more steps than it may: the request's doing, or the pattern's.
        case matchLimit = "match_limit"
        /// The path has an invalid `%XX`, a NUL, or climbs above the root.
        case malformedPath = "malformed_path"
        /// A capture would put into the target what no host name has.
        case unsafeTarget = "unsafe_target"
        /// A capture would put a control byte into a header field.
        case unsafeHeader = "unsafe_header"
        /// A rewritten path would climb, or not begin at the root.
        case unsafePath = "unsafe_path"
        /// A redirect would lead to another host than the rule names.
        case unsafeRedirect = "unsafe_redirect"

        /// The status that a client gets.
        public var status: Int {
            switch self {
            case .noRule: 404
            case .matchLimit: 500
            case .malformedPath, .unsafeTarget, .unsafeHeader, .unsafePath, .unsafeRedirect: 400
            }
        }

        /// The word for logs and counters.
        public var token: String { rawValue }
    }

    public var status: Int { reason.status }
}
