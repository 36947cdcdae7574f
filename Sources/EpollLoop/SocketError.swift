import Glibc

/// A system call of a socket or a loop that failed.
package struct SocketError: Error, CustomStringConvertible, Sendable {
    /// As in errno(3).
    package let code: Int32
    package let call: String

    /// What the last system call of this thread ended with.
    package init(_ call: String) {
        self.init(call, code: errno)
    }

    package init(_ call: String, code: Int32) {
        self.call = call
        self.code = code
    }

    /// The process, or the machine, has no descriptor or memory left for another socket.
    package var isShortage: Bool { Self.isShortage(code) }

    package static func isShortage(_ code: Int32) -> Bool {
        switch code {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: true
        default: false
        }
    }

    package var description: String { String(cString: strerror(code)) }
}
