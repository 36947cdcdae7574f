import Glibc

/// Distinguishes two states of a file without reading it.
package struct FileStamp: Equatable, Sendable {
    private let device: UInt64
    private let node: UInt64
    private let size: Int64
    private let modified: Time
    /// Of the contents, the permissions or the owner: a file that becomes readable has changed.
    private let changed: Time

    private struct Time: Equatable {
        let seconds: Int
        let nanoseconds: Int

        /// The C module that owns the fields of `timespec` differs from build to build: the bytes are read instead.
        init(_ time: timespec) {
            (seconds, nanoseconds) = withUnsafeBytes(of: time) { bytes in
                (
                    bytes.loadUnaligned(as: Int.self),
                    bytes.loadUnaligned(fromByteOffset: MemoryLayout<Int>.size, as: Int.self)
                )
            }
        }
    }

    /// - Parameter path: links are followed; nil where there is no file.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = Time(status.st_mtim)
        changed = Time(status.st_ctim)
    }
}
