import NIOConcurrencyHelpers
import SystemSupport

/// A hosts file, watched (inotify, one thread).
final class HostsFileNames: LiveNameSource {
    private let path: String
    private let watcher = NIOLockedValueBox<FileWatcher?>(nil)

    init(path: String) {
        self.path = path
    }

    func initialNames() throws(NameSourceError) -> [String: [NamedAddress]]? {
        try HostsFile(path: path).names
    }

    func start(_ emit: @escaping @Sendable (NameSourceUpdate) -> Void) {
        let path = path
        do {
            let watcher = try FileWatcher(path: path) { Self.read(path, emit) }
            self.watcher.withLockedValue { $0 = watcher }
        } catch {
            emit(.problem("cannot be watched: \(error.reason)"))
        }
        // Includes changes between the first read and the start of the watch.
        Self.read(path, emit)
    }

    func stop() {
        let watcher = watcher.withLockedValue { watcher in
            defer { watcher = nil }
            return watcher
        }
        watcher?.stop()
    }

    private static func read(_ path: String, _ emit: (NameSourceUpdate) -> Void) {
        do {
            let file = try HostsFile(path: path)
            for problem in file.problems { emit(.problem(problem)) }
            emit(.snapshot(file.names))
        } catch {
            emit(.down(reason: error.reason))
        }
    }
}
