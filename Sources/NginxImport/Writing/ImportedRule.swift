import Routing

/// A rule as the rule file has it: a name and its keys, each with the line that it comes from.
struct ImportedRule {
    struct Line {
        let text: String
        let position: SourceLocation?
    }

    var name: String
    /// A comment before the rule.
    var title: String?
    var lines: [Line] = []
    /// What the rule removes from responses of its target: a part of `response_headers`.
    var hiddenFields: Line?

    mutating func add(_ text: String, at position: SourceLocation?) {
        lines.append(Line(text: text, position: position))
    }
}
