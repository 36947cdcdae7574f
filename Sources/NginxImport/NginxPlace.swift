/// A place in a configuration; line and column count from 1, the column bytes.
public struct NginxPlace: Sendable, Hashable, CustomStringConvertible {
    public let file: String
    public let line: Int
    public let column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// `nginx.conf:12`: what stands in the comments.
    public var description: String { "\(file):\(line)" }
}

/// Why a configuration cannot be read at all.
public struct NginxError: Error, Sendable, Hashable {
    public let place: NginxPlace
    public let message: String
    public let hint: String?
    /// The text of the line.
    public let sourceLine: String

    init(_ message: String, at place: NginxPlace, line: String, hint: String? = nil) {
        self.place = place
        self.message = message
        self.hint = hint
        self.sourceLine = line
    }
}
