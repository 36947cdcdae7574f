package import Routing

/// Why a configuration cannot be read at all.
package struct NginxError: Error, Sendable, Hashable {
    /// The column counts bytes.
    package let position: SourceLocation
    package let message: String
    package let hint: String?
    /// The text of the line.
    package let sourceLine: String

    init(_ message: String, at position: SourceLocation, line: String, hint: String? = nil) {
        self.position = position
        self.message = message
        self.hint = hint
        self.sourceLine = line
    }
}
