import Glibc
import NIOConcurrencyHelpers

/// Reports when one file, or any matching file of a folder, changed: written, replaced by a rename, created, removed, or
/// made readable.
///
/// Watches the folder, not the file: editors and configuration tools replace a file by a new one, and a watch on
/// the old inode would end with it. A file that is a symbolic link has also changed when the link resolves to
/// another file. Where the system has no watch left, the files are compared every `pollInterval`.
///
/// A file is reported when it has been at rest for `settle` and no writer has it open, after `maxDelay` at the latest.
/// A change that could not be read is reported again until it is.
package final class FileWatcher: Sendable {
    /// How long a file must be unchanged before it is read.
    static let settle = Duration.milliseconds(50)
    /// The maximum delay of a file that keeps changing, or that a writer has open.
    static let maxDelay = Duration.seconds(2)
    /// How often files are compared with their last states: no event reports a change of a link's target in another
    /// folder, or of a folder that was replaced.
    static let pollInterval = Duration.milliseconds(500)
    /// The part of the time that comparing may take: of many files it is done less often.
    static let pollShare = 20
    /// The first and the longest wait until a change that could not be read is reported again.
    static let firstRetry = Duration.milliseconds(100)
    static let maxRetry = Duration.seconds(2)

    private let isStopped = NIOLockedValueBox(false)

    deinit { stop() }

    /// Watches the file at `path`, which need not exist yet.
    ///
    /// - Parameters:
    ///   - since: the states that its reader knows: another one is a change. Nil: the state that it has now is known.
    ///   - changed: called on the watcher's own thread; returns whether the file could be read.
    /// - Throws: where the system has no thread left.
    package convenience init(
        path: String,
        since: FileStates? = nil,
        changed: @escaping @Sendable () -> Bool
    ) throws(SystemError) {
        try self.init(WatchedFiles(path: path), since: since, changed: changed)
    }

    /// Watches a folder.
    ///
    /// - Parameters:
    ///   - matches: whether a file of this name counts.
    ///   - since: as for one file.
    ///   - changed: called on the watcher's own thread; returns whether the files could be read.
    package convenience init(
        folder: String,
        matches: @escaping @Sendable (ArraySlice<UInt8>) -> Bool,
        since: FileStates? = nil,
        changed: @escaping @Sendable () -> Bool
    ) throws(SystemError) {
        try self.init(WatchedFiles(folder: folder, matches: matches), since: since, changed: changed)
    }

    /// - Parameter usesEvents: false as where the system has no watch left.
    init(
        _ files: WatchedFiles,
        usesEvents: Bool = true,
        since: FileStates? = nil,
        changed: @escaping @Sendable () -> Bool
    ) throws(SystemError) {
        // Both before this returns: what changes from now on is seen.
        let events = usesEvents ? FolderEvents(files.folder) : nil
        let first = since?.stamps ?? files.stamps()
        let hasStarted = BlockingThread.start { [isStopped] in
            var watch = Watch(files, events, first, usesEvents: usesEvents, stopped: isStopped)
            if since != nil { watch.compareSoon() }
            watch.run(changed)
        }
        guard hasStarted else {
            events?.close()
            throw SystemError(files.folder, errno: EAGAIN)
        }
    }

    /// Ends the thread soon, and its reports now. May be called from any thread, more than once.
    package func stop() { isStopped.withLockedValue { $0 = true } }
}

/// What the thread of a watcher does.
private struct Watch {
    private typealias Instant = ContinuousClock.Instant

    private let files: WatchedFiles
    private let usesEvents: Bool
    private let stopped: NIOLockedValueBox<Bool>
    private var events: FolderEvents?
    /// The state that was reported last.
    private var reported: WatchedFiles.Stamps?
    private var nextComparison: Instant
    private var retry: (at: Instant, wait: Duration)?

    init(
        _ files: WatchedFiles,
        _ events: FolderEvents?,
        _ first: WatchedFiles.Stamps?,
        usesEvents: Bool,
        stopped: NIOLockedValueBox<Bool>
    ) {
        self.files = files
        self.events = events
        self.usesEvents = usesEvents
        reported = first
        self.stopped = stopped
        nextComparison = .now + FileWatcher.pollInterval
    }

    /// What is known may be old.
    mutating func compareSoon() { nextComparison = .now }

    private var isStopped: Bool { stopped.withLockedValue { $0 } }

    mutating func run(_ changed: () -> Bool) {
        defer { events?.close() }
        while true {
            var seen = FolderEvents.Seen()
            wait(until: min(nextComparison, retry?.at ?? nextComparison), &seen)
            if isStopped { return }
            guard seen.isMatched || isDue(seen) else { continue }
            settle(&seen)
            // The state before the file is read: a change during it is another one.
            if let now = files.stamps() { reported = now }
            if isStopped { return }
            if changed() {
                retry = nil
            } else {
                let wait = retry.map { min($0.wait * 2, FileWatcher.maxRetry) } ?? FileWatcher.firstRetry
                retry = (.now + wait, wait)
            }
        }
    }

    /// Whether the files have changed without an event, or shall be read again.
    private mutating func isDue(_ seen: FolderEvents.Seen) -> Bool {
        let start = Instant.now
        if let retry, retry.at <= start { return true }
        // A busy folder is compared no more often than a file settles.
        if seen.isOther { nextComparison = min(nextComparison, start + FileWatcher.settle) }
        guard nextComparison <= start else { return false }
        if events == nil, usesEvents { events = FolderEvents(files.folder) }
        let stamps = files.stamps()
        nextComparison = .now + max(FileWatcher.pollInterval, (.now - start) * FileWatcher.pollShare)
        return stamps != nil && stamps != reported
    }

    /// Waits until the files are at rest.
    private mutating func settle(_ seen: inout FolderEvents.Seen) {
        let start = Instant.now
        var rest = FileRest(now: .zero, sample: files.stamps())
        while !isStopped {
            let now = Instant.now - start
            guard let end = rest.next(now: now, isOpen: !seen.open.isEmpty, current: files.stamps) else {
                return
            }
            seen.isMatched = false
            wait(until: start + end, &seen)
            if seen.isMatched { rest.changed(now: .now - start) }
        }
    }

    /// Waits for events; without any, for the time.
    private mutating func wait(until end: Instant, _ seen: inout FolderEvents.Seen) {
        let left = max(.zero, end - .now)
        let milliseconds =
            Int32(clamping: left.components.seconds * 1000)
            + Int32((left.components.attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
        guard let events else {
            poll(nil, 0, milliseconds)
            return
        }
        events.wait(milliseconds, files.matches, &seen)
        if seen.hasEnded {
            // What comes in its place is watched from the next comparison on.
            events.close()
            self.events = nil
        }
    }
}
