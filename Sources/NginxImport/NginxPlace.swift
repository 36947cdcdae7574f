/// A place in a configuration; line and column count from 1, the column bytes.
package struct NginxPlace: Sendable, Hashable, CustomStringConvertible {
    package let file: String
    package let line: Int
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `nginx.conf:12`: what stands in the comments.
    package var description: String { "\(file):\(line)" }
}

/// Why a configuration cannot be read at all.
package struct NginxError: Error, Sendable, Hashable {
    package let place: NginxPlace
    package let message: String
    package let hint: String?
    /// The text of the line.
    package let sourceLine: String

    init(_ message: String, at place: NginxPlace, line: String, hint: String? = nil) {
        self.place = place
        self.message = message
        self.hint = hint
        self.sourceLine = line
    }
}
