/// One finding about a rule file: where it is, what is wrong, and what to do.
///
/// Print it with ``rendered(color:)``, or encode it.
public struct Diagnostic: Sendable, Hashable, Codable {
    public enum Severity: String, Sendable, Hashable, Codable {
        /// The configuration cannot be used.
        case error
        /// It can be used, but probably does not mean what its author intended.
        case warning
        /// Something to know: what was not checked, and why.
        case note
    }

    public let severity: Severity
    public let code: Code
    /// The file as it was named when it was loaded.
    public let file: String
    /// Starts at 1; 0 where the finding is about the whole file.
    public let line: Int
    /// Starts at 1, counted in Unicode scalars; 0 where the finding is about the whole file.
    public let column: Int
    public let message: String
    /// What to do about it.
    public let hint: String?
    /// The line's text (of a very long line: the part around the column, see ``sourceColumn``).
    public let sourceLine: String?
    /// The column of the caret in ``sourceLine``; starts at 1.
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

/// All errors of a configuration, in the order of files and lines.
public struct ConfigurationFailure: Error, Sendable, CustomStringConvertible {
    /// Never empty; includes warnings, if there are any.
    public let diagnostics: [Diagnostic]

    public init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// All findings as an operator reads them, without colors.
    public var description: String { rendered(color: false) }

    /// All findings as an operator reads them, separated by empty lines.
    public func rendered(color: Bool) -> String {
        diagnostics.map { $0.rendered(color: color) }.joined(separator: "\n\n")
    }
}
