import Glibc
import NIOConcurrencyHelpers

/// The names that the system has without a server: those of hosts(5), `localhost`, and its own.
final class FixedNames: Sendable {
    /// What shows that the file is another one.
    private struct Version: Equatable {
        let inode: ino_t
        let size: off_t
        let seconds: Int
        let nanoseconds: Int
    }

    private struct State {
        var version: Version?
        var names: Set<String> = []
    }

    private let path: String
    private let state = NIOLockedValueBox(State())

    init(path: String = "/etc/hosts") {
        self.path = path
    }

    /// Reads the file if it has changed.
    func contains(_ name: String) -> Bool {
        if name == "localhost" || name.hasSuffix(".localhost") || name == Self.ownName { return true }
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        let version = Version(
            inode: status.st_ino,
            size: status.st_size,
            seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec
        )
        return state.withLockedValue { state in
            if state.version != version {
                state.version = version
                let file = try? HostsFile(path: path)
                state.names = Set(file.map { Array($0.names.keys) } ?? [])
            }
            return state.names.contains(name)
        }
    }

    private static var ownName: String? {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }
}
