package import Routing

/// A difference between the configuration and the rules.
package struct NginxFinding: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable {
        /// It is not translated.
        case untranslated
        /// nginx does it without a directive, and the rules do not.
        case byDefault
        /// It is translated, and differs in a rare case.
        case note
    }

    package let kind: Kind
    /// The column counts bytes.
    package let position: SourceLocation
    /// The directive, or its value.
    package let what: String
    package let why: String

    /// Whether the rules can decide otherwise than the configuration.
    package var isUntranslated: Bool { kind != .note }

    /// `nginx.conf:12: least_conn: …`
    package var text: String { "\(position.fileAndLine): \(what): \(why)" }
}
