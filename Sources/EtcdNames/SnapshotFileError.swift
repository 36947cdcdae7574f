import Glibc

/// A snapshot file that cannot be written or read.
package struct SnapshotFileError: Error, CustomStringConvertible, Sendable {
    package let path: String
    package let reason: String

    init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    init(path: String, errno code: Int32) {
        self.init(path: path, reason: String(cString: strerror(code)))
    }

    package var description: String { "\(path): \(reason)" }
}
