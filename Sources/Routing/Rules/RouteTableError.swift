/// Why rules cannot form a table: every error, at once.
public struct RouteTableError: Error, Sendable, CustomStringConvertible {
    /// At least one, in the order of the rules.
    public let issues: [RuleIssue]

    public init(_ issues: [RuleIssue]) {
        self.issues = issues
    }

    public var description: String { issues.map(\.description).joined(separator: "\n") }
}

/// One error in one rule.
public struct RuleIssue: Sendable, Hashable, CustomStringConvertible {
    public let ruleIndex: Int
    public let ruleName: String
    /// The key as in a rule file: `name`, `host`, `path`, `methods.0`, `headers.X-Beta`, `to`,
    /// `redirect`, `status`, `respond.status`, `respond.content_type`, `set_headers.X-App`,
    /// `remove_headers.0`, `rewrite_path.match`, `rewrite_path.with`, `host_header`,
    /// `response_headers.0.set.X-App`, `response_headers.0.remove.0`, `rewrite_location.0.from`,
    /// `error_pages.0`.
    public let key: String
    /// The bytes of the key's text that are wrong; empty for a position; nil for the
    /// text as a whole. Of `headers.…`, `set_headers.…` and the like: of the value, unless `inName`.
    public let range: Range<Int>?
    /// Whether the error is in the field's name, not in its value.
    public let inName: Bool
    public let message: String
    /// What to do, if it is known.
    public let hint: String?

    public init(
        ruleIndex: Int,
        ruleName: String,
        key: String,
        range: Range<Int>? = nil,
        inName: Bool = false,
        message: String,
        hint: String? = nil
    ) {
        self.ruleIndex = ruleIndex
        self.ruleName = ruleName
        self.key = key
        self.range = range
        self.inName = inName
        self.message = message
        self.hint = hint
    }

    public var description: String {
        let position = range.map { " (at byte \($0.lowerBound))" } ?? ""
        return "rule '\(ruleName)': \(key)\(position): \(message)" + (hint.map { "; \($0)" } ?? "")
    }
}
