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

    func start(_ tell: @escaping @Sendable (NameSourceUpdate) -> Void) {
        let path = path
        do {
            let watcher = try FileWatcher(path: path) { Self.read(path, tell) }
            self.watcher.withLockedValue { $0 = watcher }
        } catch {
            tell(.problem("cannot be watched: \(error.reason)"))
        }
        // What changed between the first read and the watch is not missed.
        Self.read(path, tell)
    }

    func stop() {
        let watcher = watcher.withLockedValue { watcher in
            defer { watcher = nil }
            return watcher
        }
        watcher?.stop()
    }

    private static func read(_ path: String, _ tell: (NameSourceUpdate) -> Void) {
        do {
            let file = try HostsFile(path: path)
            for problem in file.problems { tell(.problem(problem)) }
            tell(.snapshot(file.names))
        } catch {
            tell(.down(reason: error.reason))
        }
    }
}
