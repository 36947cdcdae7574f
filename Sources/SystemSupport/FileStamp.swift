import Glibc

/// Distinguishes two states of a file without reading it.
package struct FileStamp: Equatable, Sendable {
    private let device: UInt64
    private let node: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    /// - Parameter path: links are followed; nil where there is no file.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
        size = Int64(status.st_size)
        // The C module that owns the fields of `timespec` differs from build to build: read the bytes instead.
        (seconds, nanoseconds) = withUnsafeBytes(of: status.st_mtim) { bytes in
            (
                bytes.loadUnaligned(as: Int.self),
                bytes.loadUnaligned(fromByteOffset: MemoryLayout<Int>.size, as: Int.self)
            )
        }
    }
}
