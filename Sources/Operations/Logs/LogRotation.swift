import Glibc
import RoutingConfig

/// How large the file of a log becomes, and how many files before it are kept.
package struct LogRotation: Sendable, Hashable {
    /// The smallest size that can be set, bytes.
    package static let minBytes: UInt64 = 4 << 10
    /// The most files that can be kept.
    package static let maxFiles = 1000
    /// The number of files where none is given.
    package static let usualFiles = 5

    /// A line that would make the file longer begins a new one, bytes.
    package let maxBytes: UInt64
    /// Files before the one that is written: `access.log.1` is the newest.
    package let keep: Int

    package init(maxBytes: UInt64, keep: Int = usualFiles) {
        self.maxBytes = max(maxBytes, Self.minBytes)
        self.keep = min(max(keep, 1), Self.maxFiles)
    }

    /// `100MiB`, or `100MiB,keep=10`. Nil: `text` is none of these.
    package init?(_ text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard let first = parts.first, parts.count <= 2, let bytes = Quantity.bytes(String(first)),
            bytes >= Self.minBytes, bytes <= UInt64(Int64.max)
        else { return nil }
        var keep = Self.usualFiles
        if parts.count == 2 {
            guard parts[1].hasPrefix("keep="), let count = Int(parts[1].dropFirst("keep=".count)),
                (1...Self.maxFiles).contains(count)
            else { return nil }
            keep = count
        }
        self.init(maxBytes: bytes, keep: keep)
    }

    /// Renames `path` to `path.1`, that one to `path.2`, and so on; the last one is replaced.
    ///
    /// - Parameter rename: renames a file, and returns `errno` or 0.
    /// - Returns: `errno` of what failed: then `path` is still in place; or 0.
    func shift(_ path: String, rename: (_ from: String, _ to: String) -> Int32) -> Int32 {
        for number in stride(from: keep - 1, through: 1, by: -1) {
            let code = rename("\(path).\(number)", "\(path).\(number + 1)")
            // There are fewer than that yet.
            if code != 0, code != ENOENT { return code }
        }
        return rename(path, "\(path).1")
    }
}
