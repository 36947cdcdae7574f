package import PCRE2

/// A compiled pattern of a rule: for tools that examine patterns.
package struct RulePattern: Sendable {
    /// What the pattern is matched against.
    package enum Subject: Sendable {
        case host(HostPattern)
        /// A path, which begins with a slash.
        case path(Pattern)
        /// A field's value.
        case field(Pattern)
    }

    /// The rule's index.
    package let rule: Int
    /// As in `RuleIssue.key`.
    package let key: String
    package let subject: Subject
}

extension RouteTable {
    /// The patterns of all rules, in the order of the rules.
    package var patterns: [RulePattern] {
        var patterns: [RulePattern] = []
        for rule in rules {
            func append(_ key: String, _ subject: RulePattern.Subject) {
                patterns.append(RulePattern(rule: rule.index, key: key, subject: subject))
            }
            if case .pattern(let host) = rule.host { append("host", .host(host)) }
            if case .pattern(let path, _) = rule.path { append("path", .path(path)) }
            for header in rule.headers {
                if case .pattern(let pattern) = header.condition {
                    append("headers.\(header.name)", .field(pattern))
                }
            }
            if case .forward(let plan) = rule.action, let rewrite = plan.rewrite {
                append("rewrite_path.match", .path(rewrite.pattern))
            }
            for (index, location) in (rule.response?.locations ?? []).enumerated() {
                if case .pattern(let pattern, _, _) = location {
                    append("rewrite_location.\(index).from", .field(pattern))
                }
            }
        }
        return patterns
    }
}
