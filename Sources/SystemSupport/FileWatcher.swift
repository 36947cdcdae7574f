import Glibc
import NIOConcurrencyHelpers

/// Reports when one file, or any matching file of a folder, changed: written, replaced by a rename,
/// created or removed.
///
/// Watches the folder, not the file: editors and configuration tools replace a file by a new one, and a watch on
/// the old inode would end with it. A file that is a symbolic link has also changed when the link resolves to
/// another file. A burst of events within `settle` counts as one, so that a half-written file is not read.
package final class FileWatcher: Sendable {
    /// How long a file must be unchanged before it is read, milliseconds.
    static let settle: Int32 = 50
    /// The maximum delay of a file that keeps changing, in rounds of `settle`.
    static let maxRounds = 10
    /// The same while a writer has the file open: a half-written file is read when it is closed, or after 2 s.
    static let maxRoundsOpen = 40
    /// How often the file is compared with its last state, milliseconds: no event reports a change of a link's
    /// target in another folder, or of a folder that was replaced.
    static let pollInterval: Int32 = 500

    /// The write end of a pipe; closing it ends the thread. -1 once it is closed.
    private let wake: NIOLockedValueBox<Int32>

    deinit { stop() }

    /// Watches the file at `path`, which need not exist yet.
    ///
    /// - Parameter changed: called on the watcher's own thread.
    /// - Throws: where its folder cannot be watched.
    package convenience init(path: String, changed: @escaping @Sendable () -> Void) throws(SystemError) {
        let folder: String
        let name: String
        if let slash = path.lastIndex(of: "/") {
            folder = slash == path.startIndex ? "/" : String(path[..<slash])
            name = String(path[path.index(after: slash)...])
        } else {
            folder = "."
            name = path
        }
        let bytes = Array(name.utf8)
        try self.init(
            folder: folder,
            matches: { $0.elementsEqual(bytes) },
            stamp: { FileStamp(path) },
            changed: changed
        )
    }

    /// Watches a folder.
    ///
    /// - Parameters:
    ///   - matches: whether a file of this name counts.
    ///   - stamp: compared when a file of another name has changed, and every `pollInterval`; nil: events only.
    ///   - changed: called on the watcher's own thread.
    package init(
        folder: String,
        matches: @escaping @Sendable (ArraySlice<UInt8>) -> Bool,
        stamp: (@Sendable () -> FileStamp?)? = nil,
        changed: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        let inotify = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard inotify >= 0 else { throw SystemError(folder, errno: errno) }
        let mask =
            UInt32(IN_CLOSE_WRITE) | UInt32(IN_MODIFY) | UInt32(IN_MOVED_TO) | UInt32(IN_CREATE)
            | UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM)
        guard inotify_add_watch(inotify, folder, mask) >= 0 else {
            let code = errno
            close(inotify)
            throw SystemError(folder, errno: code)
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            let code = errno
            close(inotify)
            throw SystemError(folder, errno: code)
        }
        let (readEnd, writeEnd) = (ends[0], ends[1])
        _ = fcntl(readEnd, F_SETFD, FD_CLOEXEC)
        _ = fcntl(writeEnd, F_SETFD, FD_CLOEXEC)
        self.wake = NIOLockedValueBox(writeEnd)
        let first = stamp?()
        BlockingThread.start {
            Self.run(
                inotify: inotify,
                wake: readEnd,
                matches: matches,
                first: first,
                stamp: stamp,
                changed: changed
            )
        }
    }

    /// Ends the thread; may be called from any thread, more than once.
    package func stop() {
        wake.withLockedValue { wake in
            if wake >= 0 { close(wake) }
            wake = -1
        }
    }

    private static func run(
        inotify: Int32,
        wake: Int32,
        matches: (ArraySlice<UInt8>) -> Bool,
        first: FileStamp?,
        stamp: (() -> FileStamp?)?,
        changed: @Sendable () -> Void
    ) {
        defer {
            close(inotify)
            close(wake)
        }
        var last = first
        while true {
            // A folder has no stamp: only events count.
            switch waitForEvent(inotify: inotify, wake: wake, timeout: stamp == nil ? -1 : pollInterval) {
            case .stop: return
            case .timeout: if stamp?() == last { continue }
            case .file: break
            }
            var seen = Seen()
            drain(inotify, matches, &seen)
            var rounds = 0
            settling: while rounds < (seen.isOpen ? maxRoundsOpen : maxRounds) {
                switch waitForEvent(inotify: inotify, wake: wake, timeout: settle) {
                case .file: drain(inotify, matches, &seen)
                case .timeout: if !seen.isOpen { break settling }
                case .stop: return
                }
                rounds += 1
            }
            let isMatched = seen.isMatched
            let now = stamp?()
            if isMatched || now != last { changed() }
            last = now
        }
    }

    private enum Wait { case file, timeout, stop }

    private static func waitForEvent(inotify: Int32, wake: Int32, timeout: Int32) -> Wait {
        while true {
            var descriptors = [
                pollfd(fd: inotify, events: Int16(POLLIN), revents: 0),
                pollfd(fd: wake, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&descriptors, 2, timeout)
            if count < 0 {
                if errno == EINTR { continue }
                return .stop
            }
            if descriptors[1].revents != 0 { return .stop }
            return count == 0 ? .timeout : .file
        }
    }

    /// What events have reported since the last change.
    private struct Seen {
        /// A matching file has changed.
        var isMatched = false
        /// A writer has written to it and has not closed it yet.
        var isOpen = false
    }

    /// Reads all waiting events.
    private static func drain(_ inotify: Int32, _ matches: (ArraySlice<UInt8>) -> Bool, _ seen: inout Seen) {
        let header = MemoryLayout<inotify_event>.size
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = read(inotify, &bytes, bytes.count)
            guard count > 0 else { return }
            var offset = 0
            while offset + header <= count {
                let event = bytes.withUnsafeBytes {
                    $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                }
                let start = offset + header
                let end = min(start + Int(event.len), count)
                if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
                    seen.isMatched = true
                } else if start < end, matches(bytes[start..<end].prefix { $0 != 0 }) {
                    seen.isMatched = true
                    seen.isOpen = event.mask & UInt32(IN_MODIFY) != 0
                }
                offset = end
            }
        }
    }
}
