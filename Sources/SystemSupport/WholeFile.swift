import Glibc

/// Files that are read and written as a whole. Blocks.
package enum WholeFile {
    /// Reads a file. A pipe is refused: reading it could wait without end.
    ///
    /// - Parameters:
    ///   - limit: the maximum size, bytes.
    ///   - followsLinks: false: a symbolic link in place of the file is refused.
    /// - Returns: nil where there is no file.
    package static func read(
        _ path: String,
        limit: Int,
        followsLinks: Bool = true
    ) throws(FileError) -> [UInt8]? {
        let descriptor = open(
            path,
            O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followsLinks ? 0 : O_NOFOLLOW)
        )
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            if errno == ELOOP, !followsLinks { throw FileError(path: path, reason: "it is a symbolic link") }
            throw FileError(path: path, errno: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, errno: errno) }
        guard status.st_mode & S_IFMT != S_IFIFO else { throw FileError(path: path, reason: "it is a pipe") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(max(0, Int(status.st_size)), limit) + 1)
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(path: path, errno: errno)
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else {
                throw FileError(path: path, reason: "larger than \(limit >> 20) MiB")
            }
        }
    }

    /// Writes a new file and renames it over the old one: a reader sees one or the other. A symbolic link in place of the
    /// file is replaced, and never followed.
    ///
    /// - Parameters:
    ///   - mode: of the new file, less the process's mask.
    ///   - isDurable: the file is there also after a power failure.
    package static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32,
        isDurable: Bool = false
    ) throws(FileError) {
        let (descriptor, fresh) = try create(beside: path, mode: mode)
        var failure = writeAll(bytes, descriptor)
        if failure == 0, isDurable, fsync(descriptor) != 0 { failure = errno }
        close(descriptor)
        if failure == 0, rename(fresh, path) != 0 { failure = errno }
        guard failure == 0 else {
            unlink(fresh)
            throw FileError(path: path, errno: failure)
        }
        if isDurable { syncFolder(of: path) }
    }

    /// Removes what a process that crashed has left beside the file while it wrote it.
    package static func removeLeftovers(of path: String) {
        let (folder, name) = split(path)
        guard let listing = opendir(folder) else { return }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            let found = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard found.hasPrefix(name + "."), found.hasSuffix(suffix),
                found.utf8.count == name.utf8.count + 1 + randomDigits + suffix.utf8.count
            else { continue }
            var status = stat()
            // Another process may be writing now.
            guard lstat("\(folder)/\(found)", &status) == 0 else { continue }
            // Seconds are the first part of a `timespec`, see `FileStamp`.
            let modified = withUnsafeBytes(of: status.st_mtim) { $0.loadUnaligned(as: Int.self) }
            guard time(nil) - modified > 60 else { continue }
            unlink("\(folder)/\(found)")
        }
    }

    /// Creates the folder of a file, and those above it, where they are missing.
    package static func createFolder(of path: String) throws(FileError) {
        try createFolder(split(path).folder)
    }

    /// Creates a folder, and those above it, where they are missing.
    package static func createFolder(_ folder: String) throws(FileError) {
        if mkdir(folder, 0o777) == 0 || errno == EEXIST { return try checkFolder(folder) }
        let above = split(folder).folder
        guard errno == ENOENT, above != folder else { throw FileError(path: folder, errno: errno) }
        try createFolder(above)
        if mkdir(folder, 0o777) != 0, errno != EEXIST { throw FileError(path: folder, errno: errno) }
        try checkFolder(folder)
    }

    // MARK: Pieces

    private static func checkFolder(_ folder: String) throws(FileError) {
        var status = stat()
        guard stat(folder, &status) == 0 else { throw FileError(path: folder, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw FileError(path: folder, errno: ENOTDIR) }
    }

    private static let suffix = ".new"
    private static let randomDigits = 16

    private static func create(
        beside path: String,
        mode: UInt32
    ) throws(FileError) -> (descriptor: Int32, path: String) {
        while true {
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            let random = String(repeating: "0", count: randomDigits - digits.utf8.count) + digits
            let fresh = "\(path).\(random)\(suffix)"
            let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
            let descriptor = open(fresh, flags, mode)
            if descriptor >= 0 { return (descriptor, fresh) }
            if errno != EEXIST { throw FileError(path: path, errno: errno) }
        }
    }

    /// - Returns: `errno`; 0: everything was written.
    private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }

    private static func syncFolder(of path: String) {
        let descriptor = open(split(path).folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (
            slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...])
        )
    }
}
