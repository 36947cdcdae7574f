extension Diagnostic {
    /// The kind of a finding: a stable word for scripts, never translated.
    ///
    /// Whoever reports findings of further kinds declares codes of its own, as the linter does.
    public struct Code: RawRepresentable, Sendable, Hashable, Codable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }
    }
}

/// What the loader of rule files reports; docs/rules.md has a line for each.
extension Diagnostic.Code {
    /// A file or folder is missing or cannot be read, or a folder has no rule file in it.
    public static let unreadable = Self(rawValue: "unreadable")
    /// A file is larger than ``ConfigurationLoader/maxFileBytes``.
    public static let fileTooLarge = Self(rawValue: "file_too_large")
    /// The bytes are not UTF-8, or contain control characters.
    public static let badEncoding = Self(rawValue: "bad_encoding")
    /// The text is not YAML, or uses YAML that rule files do not.
    public static let badYAML = Self(rawValue: "bad_yaml")
    /// A mapping has one key twice.
    public static let duplicateKey = Self(rawValue: "duplicate_key")
    /// A key that has no meaning where it is.
    public static let unknownKey = Self(rawValue: "unknown_key")
    /// A key or another word of an earlier version, which has another name now.
    public static let renamed = Self(rawValue: "renamed")
    /// A required key is missing.
    public static let missingKey = Self(rawValue: "missing_key")
    /// Keys that exclude each other.
    public static let conflictingKeys = Self(rawValue: "conflicting_keys")
    /// A list where a text is expected, a text where a number is, and so on.
    public static let wrongType = Self(rawValue: "wrong_type")
    /// The right type, but not a valid value.
    public static let badValue = Self(rawValue: "bad_value")
    /// Two rules have the same name.
    public static let duplicateName = Self(rawValue: "duplicate_name")
    /// A regular expression does not compile.
    public static let badPattern = Self(rawValue: "bad_pattern")
    /// A template is invalid, or uses a capture that its rule's patterns lack.
    public static let badTemplate = Self(rawValue: "bad_template")
    /// A host, path, header, target or other part of a rule is not valid.
    public static let badRule = Self(rawValue: "bad_rule")
    /// More than the loader reads or shows.
    public static let tooMany = Self(rawValue: "too_many")
    /// A pattern backtracks without end on some request.
    public static let catastrophicPattern = Self(rawValue: "catastrophic_pattern")

    /// All codes of the loader.
    package static let loaderCodes: [Self] = [
        .unreadable, .fileTooLarge, .badEncoding, .badYAML, .duplicateKey, .unknownKey, .renamed,
        .missingKey, .conflictingKeys, .wrongType, .badValue, .duplicateName, .badPattern, .badTemplate,
        .badRule, .tooMany, .catastrophicPattern,
    ]
}
