/// One finding about a rule file: where, what, and a way out.
///
/// A value of plain parts: print it with ``rendered(color:)``, or encode it.
public struct Diagnostic: Sendable, Hashable, Codable {
    public enum Severity: String, Sendable, Hashable, Codable {
        /// The configuration cannot be used.
        case error
        /// It can be used, but likely does not say what was meant.
        case warning
        /// Something to know: what was not looked at, and why.
        case note
    }

    /// What kind of finding it is: a stable word for scripts, never translated.
    public enum Code: String, Sendable, Hashable, Codable, CaseIterable {
        /// A file or folder is missing or cannot be read, or a folder holds no rule file.
        case unreadable
        /// A file is larger than ``ConfigurationLoader/maxFileBytes``.
        case fileTooLarge = "file_too_large"
        /// The bytes are not UTF-8, or hold control characters.
        case badEncoding = "bad_encoding"
        /// The text is not YAML, or uses YAML that rule files do not.
        case badYAML = "bad_yaml"
        /// A mapping has one key twice.
        case duplicateKey = "duplicate_key"
        /// A key that nothing reads.
        case unknownKey = "unknown_key"
        /// A key of an earlier version, which has another name now.
        case renamedKey = "renamed_key"
        /// A key that has to be there is not.
        case missingKey = "missing_key"
        /// Keys that exclude each other.
        case conflictingKeys = "conflicting_keys"
        /// A list where a text is expected, a text where a number is, and so on.
        case wrongType = "wrong_type"
        /// The right type with a value that cannot be.
        case badValue = "bad_value"
        /// Two rules have one name.
        case duplicateName = "duplicate_name"
        /// A regular expression does not compile.
        case badPattern = "bad_pattern"
        /// A template is broken or uses a capture that its rule's patterns lack.
        case badTemplate = "bad_template"
        /// A host, path, header, target or other part of a rule cannot be.
        case badRule = "bad_rule"
        /// Rules, or what aliases make of them, are more than is read.
        case tooMany = "too_many"
        /// A pattern backtracks without end on some request.
        case catastrophicPattern = "catastrophic_pattern"

        // What the linter finds; docs/findings.md has a section for each.

        /// Earlier rules take every request that a rule could match.
        case unreachableRule = "unreachable_rule"
        /// A rule is an earlier one once more.
        case duplicateRule = "duplicate_rule"
        /// Two rules share some hosts, and each has others.
        case overlappingRules = "overlapping_rules"
        /// A host can be divided among a pattern's captures in two ways.
        case ambiguousCaptures = "ambiguous_captures"
        /// `.` between letters of a host, where `\.` was meant.
        case unescapedDot = "unescaped_dot"
        /// A pattern is found where it was not meant for want of an anchor.
        case missingAnchor = "missing_anchor"
        /// What looks like one label takes several.
        case dotInLabel = "dot_in_label"
        /// No host at all can match.
        case impossibleHost = "impossible_host"
        /// A count that is beyond the longest label.
        case labelTooLong = "label_too_long"
        /// A host that the given wildcard certificates do not cover.
        case uncoveredHost = "uncovered_host"
        /// No name source can know the target.
        case unknownTarget = "unknown_target"
        /// The request chooses the target's domain.
        case unboundedTarget = "unbounded_target"
        /// A capture without a name that nothing uses.
        case unusedCapture = "unused_capture"
        /// A note: something was not compared.
        case notCompared = "not_compared"
    }

    public let severity: Severity
    public let code: Code
    /// The file as it was named when it was loaded.
    public let file: String
    /// Starts at 1; 0 when the finding is about the file as a whole.
    public let line: Int
    /// Starts at 1, counted in Unicode scalars; 0 when the finding is about the file as a whole.
    public let column: Int
    public let message: String
    /// What to do about it.
    public let hint: String?
    /// The line's text (of a very long line: the part around the column, see ``sourceColumn``).
    public let sourceLine: String?
    /// Where in ``sourceLine`` the caret stands; starts at 1.
    public let sourceColumn: Int
    /// How many characters are marked, at least 1.
    public let caretLength: Int

    public init(
        severity: Severity = .error,
        code: Code,
        file: String,
        line: Int = 0,
        column: Int = 0,
        message: String,
        hint: String? = nil,
        sourceLine: String? = nil,
        sourceColumn: Int? = nil,
        caretLength: Int = 1
    ) {
        self.severity = severity
        self.code = code
        self.file = file
        self.line = line
        self.column = column
        self.message = message
        self.hint = hint
        self.sourceLine = sourceLine
        self.sourceColumn = sourceColumn ?? column
        self.caretLength = max(1, caretLength)
    }

    private enum CodingKeys: String, CodingKey {
        case severity, code, file, line, column, message, hint
        case sourceLine = "source_line"
        case sourceColumn = "source_column"
        case caretLength = "caret_length"
    }
}

/// Everything that is wrong with a configuration, in the order of files and lines.
public struct ConfigurationFailure: Error, Sendable, CustomStringConvertible {
    /// Never empty; holds warnings too, if there are any.
    public let diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// All findings as an operator reads them, without colour.
    public var description: String { rendered(color: false) }

    /// All findings as an operator reads them, one empty line between two.
    public func rendered(color: Bool) -> String {
        diagnostics.map { $0.rendered(color: color) }.joined(separator: "\n\n")
    }
}
