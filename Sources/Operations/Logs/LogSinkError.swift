import Glibc

/// A log cannot be written.
package struct LogSinkError: Error, CustomStringConvertible, Sendable {
    package let path: String
    package let reason: String
    /// Which log it is.
    package internal(set) var log = "access log"

    init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// - Parameter code: `errno`.
    init(path: String, _ code: Int32) {
        self.init(path: path, reason: String(cString: strerror(code)))
    }

    package var description: String { "cannot write the \(log) \(path): \(reason)" }
}
