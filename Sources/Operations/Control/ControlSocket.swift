import Glibc

/// A UNIX socket that listens at a path. Blocks, but only for calls that return at once.
struct ControlSocket: Sendable {
    /// Connections that wait to be accepted.
    private static let backlog: Int32 = 16

    let path: String
    private let draft: String
    /// Whoever takes it closes it.
    let descriptor: Int32
    /// Which file it is: another process may have replaced it by the end.
    private let file: (device: dev_t, inode: ino_t)

    /// Makes the file beside its final place (`activate`), with mode 0600 or, for a group, 0660. A socket that a dead process has left will be
    /// replaced.
    ///
    /// - Parameter takesOver: one that another process listens to, too: that process goes on with its connections, and
    ///   gets no new ones.
    ///   - group: its members may connect, too; nil: the user alone (mode 0600).
    static func listen(
        at address: ControlAddress,
        takesOver: Bool = false,
        group: gid_t? = nil
    ) throws(ControlSocketError) -> ControlSocket {
        let path = address.path
        let draft = path + ".\(getpid())"
        try examine(path, takesOver: takesOver)
        unlink(draft)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | closeOnExec, 0)
        guard descriptor >= 0 else { throw failure(path, errno) }
        do throws(ControlSocketError) {
            // The mode of the file that `bind` makes: there is no moment at which others may connect.
            guard fchmod(descriptor, 0o600) == 0 else { throw failure(path, errno) }
            guard withAddress(draft, { bind(descriptor, $0, $1) }) == 0 else { throw failure(path, errno) }
            if let group {
                guard lchown(draft, uid_t.max, group) == 0, chmod(draft, 0o660) == 0 else {
                    throw failure(path, errno)
                }
            }
            guard Glibc.listen(descriptor, backlog) == 0 else { throw failure(path, errno) }
            var status = stat()
            guard lstat(draft, &status) == 0 else { throw failure(path, errno) }
            return ControlSocket(
                path: path,
                draft: draft,
                descriptor: descriptor,
                file: (status.st_dev, status.st_ino)
            )
        } catch {
            unlink(draft)
            close(descriptor)
            throw error
        }
    }

    /// Puts the file into its place, from one moment to the next.
    func activate() throws(ControlSocketError) {
        guard rename(draft, path) == 0 else { throw Self.failure(path, errno) }
    }

    /// Gives the file another name too: another process is about to put its own into the place.
    func keepName() { link(path, draft) }

    /// The other process has ended: puts the file back.
    func restoreName() {
        rename(draft, path)
        // Two names of one file: renaming leaves both.
        unlink(draft)
    }

    /// The other process has the place.
    func dropName() { unlink(draft) }

    /// It is not needed, and was given to nobody.
    func discard() {
        unlink(draft)
        close(descriptor)
    }

    /// Whether the file is in its place, and no other process has put its own there.
    var isInPlace: Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_dev == file.device && status.st_ino == file.inode
    }

    /// Removes the file, unless another process has put its own there.
    func removeFile() {
        unlink(draft)
        if isInPlace { unlink(path) }
    }

    private static func examine(_ path: String, takesOver: Bool) throws(ControlSocketError) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw failure(path, errno)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw ControlSocketError(path: path, reason: "the file is not a socket; choose another path")
        }
        if !takesOver, try isLive(path) {
            throw ControlSocketError(
                path: path,
                reason: "another process listens to this socket; stop it, or choose another path"
            )
        }
    }

    /// Whether a process listens to it.
    static func isLive(_ path: String) throws(ControlSocketError) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | closeOnExec | nonBlocking, 0)
        guard descriptor >= 0 else { throw failure(path, errno) }
        defer { close(descriptor) }
        guard withAddress(path, { connect(descriptor, $0, $1) }) != 0 else { return true }
        switch errno {
        case ECONNREFUSED, ENOENT: return false
        // It has as many connections as may wait.
        case EAGAIN, EINPROGRESS: return true
        default: throw failure(path, errno)
        }
    }

    private static func failure(_ path: String, _ code: Int32) -> ControlSocketError {
        let reason =
            switch code {
            case ENOENT: "the folder does not exist"
            default: String(cString: strerror(code))
            }
        return ControlSocketError(path: path, reason: reason)
    }

    private static let closeOnExec = Int32(SOCK_CLOEXEC.rawValue)
    private static let nonBlocking = Int32(SOCK_NONBLOCK.rawValue)

    /// - Parameter path: at most `ControlAddress.pathBytes`.
    private static func withAddress(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { room in
            // The last byte stays 0.
            for (index, byte) in zip(room.indices.dropLast(), path.utf8) { room[index] = byte }
        }
        return withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
