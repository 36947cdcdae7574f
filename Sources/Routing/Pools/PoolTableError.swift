/// Why pools cannot form a table: every error, at once.
public struct PoolTableError: Error, Sendable, CustomStringConvertible {
    /// At least one, in the order of the pools.
    public let issues: [PoolIssue]

    init(_ issues: [PoolIssue]) {
        self.issues = issues
    }

    public var description: String { issues.map(\.description).joined(separator: "\n") }
}

/// One error in one pool.
public struct PoolIssue: Sendable, Hashable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        case badValue
        case badPattern
        case badTemplate
        /// Two pools have one name.
        case duplicateName
        case missingKey
        /// A key that another one excludes, or that has no effect.
        case conflictingKeys
    }

    public let kind: Kind
    public let poolIndex: Int
    /// The name, or the pattern.
    public let poolName: String
    /// The key as in a rule file: `name`, `match`, `endpoints`, `endpoints.1`, `balance`, `hash_key`, `split.0.to`.
    public let key: String
    /// The bytes of the key's text that are wrong; empty for a position; nil for the text as a whole.
    public let range: Range<Int>?
    public let message: String
    /// What to do, if it is known.
    public let hint: String?

    public var description: String {
        let position = range.map { " (at byte \($0.lowerBound))" } ?? ""
        return "pool '\(poolName)': \(key)\(position): \(message)" + (hint.map { "; \($0)" } ?? "")
    }

    static func duplicate(_ name: String, _ first: SourceLocation?) -> String {
        "another pool\(first.map { " at \($0)" } ?? "") has the name `\(name)`"
    }

    static let duplicateHint = "write the endpoints of a name in one pool"
}
