import Glibc

/// Which file a path or a descriptor leads to, and how long it is. Regular files alone have one.
struct FileIdentity: Sendable, Equatable {
    let device: UInt64
    let inode: UInt64
    let size: UInt64

    init(device: UInt64, inode: UInt64, size: UInt64 = 0) {
        self.device = device
        self.inode = inode
        self.size = size
    }

    private init?(_ status: stat) {
        guard status.st_mode & S_IFMT == S_IFREG else { return nil }
        self.init(
            device: UInt64(status.st_dev),
            inode: UInt64(status.st_ino),
            size: UInt64(clamping: status.st_size)
        )
    }

    static func of(_ descriptor: Int32) -> FileIdentity? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? FileIdentity(status) : nil
    }

    static func of(path: String) -> FileIdentity? {
        var status = stat()
        return stat(path, &status) == 0 ? FileIdentity(status) : nil
    }

    func isSame(as other: FileIdentity) -> Bool { device == other.device && inode == other.inode }
}
