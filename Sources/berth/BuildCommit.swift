import CCommit
import Settings

/// What the program was built from.
enum BuildCommit {
    /// Nil: not known, as of a plain `swift build`.
    static let current: String? = berth_commit().map { String(cString: $0) }

    /// `0.1.0 (cacb9da64d2e)`
    static var version: String { BerthVersion.current + (current.map { " (\($0))" } ?? "") }
}
