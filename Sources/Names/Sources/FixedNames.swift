import Glibc
import NIOConcurrencyHelpers
import SystemSupport

/// The names that the system has without a server: those of hosts(5), `localhost`, and its own.
final class FixedNames: Sendable {
    private struct State {
        /// Of the file that was read.
        var stamp: FileStamp?
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
        guard let stamp = FileStamp(path) else { return false }
        return state.withLockedValue { state in
            if state.stamp != stamp {
                state.stamp = stamp
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
