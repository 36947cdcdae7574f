import Glibc

/// A system call that failed.
package struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The call's name, or the path that it was made for.
    package let subject: String
    /// The value of `errno`.
    package let code: Int32

    package init(_ subject: String, errno code: Int32) {
        self.subject = subject
        self.code = code
    }

    /// The system's text for `code`.
    package var reason: String { String(cString: strerror(code)) }

    package var description: String { "\(subject): \(reason)" }
}
