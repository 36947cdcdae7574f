import NIOConcurrencyHelpers
import SystemSupport

/// A hosts file, watched (inotify, one thread).
final class HostsFileNames: LiveNameSource {
    private let file: WatchedHostsFile
    private let running = NIOLockedValueBox<Running?>(nil)

    private struct Running {
        var watcher: FileWatcher?
        let emit: @Sendable (NameSourceUpdate) -> Void
    }

    init(path: String) {
        file = WatchedHostsFile(path)
    }

    func initialNames() throws(NameSourceError) -> [String: [NamedAddress]]? {
        try file.first()
    }

    func start(_ emit: @escaping @Sendable (NameSourceUpdate) -> Void) {
        let file = file
        var watcher: FileWatcher?
        do {
            watcher = try FileWatcher(path: file.path) { file.read(emit) }
        } catch {
            emit(.warning("\(file.path) cannot be watched (\(error.reason)); SIGHUP reads it"))
        }
        running.withLockedValue { [watcher] in $0 = Running(watcher: watcher, emit: emit) }
        // Includes changes between the first read and the start of the watch.
        file.read(emit)
    }

    func reread() {
        guard let emit = running.withLockedValue({ $0?.emit }) else { return }
        let file = file
        if !BlockingThread.start({ file.read(emit) }) { file.read(emit) }
    }

    func stop() {
        let watcher = running.withLockedValue { running in
            defer { running = nil }
            return running?.watcher
        }
        watcher?.stop()
    }
}

/// Reads a hosts file and emits what it has. Any thread: readings follow one another.
private final class WatchedHostsFile: Sendable {
    /// The fewest names of a file whose loss is reported.
    private static let minNames = 4

    let path: String
    /// The number of names at the last reading; nil: there was none.
    private let count = NIOLockedValueBox<Int?>(nil)

    init(_ path: String) { self.path = path }

    /// The names at the start.
    func first() throws(NameSourceError) -> [String: [NamedAddress]] {
        let names = try HostsFile(path: path).names
        count.withLockedValue { $0 = names.count }
        return names
    }

    /// - Returns: whether the file could be read.
    @discardableResult
    func read(_ emit: (NameSourceUpdate) -> Void) -> Bool {
        // Under the lock: an earlier reading must not be emitted after a later one.
        count.withLockedValue { count in
            do throws(NameSourceError) {
                let file = try HostsFile(path: path)
                for problem in file.problems { emit(.problem(problem)) }
                let more = file.malformed - file.problems.count
                if more > 0 { emit(.warning("\(more) more lines of \(path) are malformed")) }
                emit(.snapshot(file.names))
                if let before = count, before >= Self.minNames, file.names.count < before / 2 {
                    emit(
                        .warning("\(path) lost most of its names: \(file.names.count) of \(before) are left")
                    )
                }
                count = file.names.count
                return true
            } catch {
                emit(.down(reason: error.reason))
                return false
            }
        }
    }
}
