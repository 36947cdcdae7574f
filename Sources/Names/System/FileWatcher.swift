import Glibc
import NIOConcurrencyHelpers

/// Tells when one file, or any of some files of a folder, changed: written, replaced by a rename,
/// made or removed.
///
/// The folder is watched, not the file: editors and configuration tools put a new
/// file in the place of the old one, and a watch on the old inode would go with it. A file that is
/// a symbolic link has changed, too, when something else has come to stand behind it.
/// A burst of events within `settle` counts as one, so that a half-written file is
/// read when the writer has come to rest.
package final class FileWatcher: Sendable {
    /// How long a file must rest before it is read, milliseconds.
    static let settle: Int32 = 50
    /// How long a file that never rests waits at most, in rounds of `settle`.
    static let maxRounds = 10
    /// The same while a writer has the file open: what is half written is read when it is closed, or after 2 s.
    static let maxRoundsOpen = 40
    /// How often it is looked whether the file is another, milliseconds: one behind a link into another folder,
    /// or in a folder that was replaced, changes without a word.
    static let look: Int32 = 500

    /// The end of a pipe whose closing ends the thread; -1 once it is closed.
    private let wake: NIOLockedValueBox<Int32>

    deinit { stop() }

    /// Watches the file at `path`, which need not be there yet.
    package convenience init(path: String, changed: @escaping @Sendable () -> Void) throws(NameSourceError) {
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
            concerns: { $0.elementsEqual(bytes) },
            stamp: { FileStamp(path) },
            changed: changed
        )
    }

    /// Watches a folder.
    ///
    /// - Parameters:
    ///   - concerns: whether a file of this name counts.
    ///   - stamp: what is compared when a file of another name has changed.
    package init(
        folder: String,
        concerns: @escaping @Sendable (ArraySlice<UInt8>) -> Bool,
        stamp: (@Sendable () -> FileStamp?)? = nil,
        changed: @escaping @Sendable () -> Void
    ) throws(NameSourceError) {
        let inotify = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard inotify >= 0 else { throw NameSourceError(path: folder, errno: errno) }
        let mask =
            UInt32(IN_CLOSE_WRITE) | UInt32(IN_MODIFY) | UInt32(IN_MOVED_TO) | UInt32(IN_CREATE)
            | UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM)
        guard inotify_add_watch(inotify, folder, mask) >= 0 else {
            let code = errno
            close(inotify)
            throw NameSourceError(path: folder, errno: code)
        }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            let code = errno
            close(inotify)
            throw NameSourceError(path: folder, errno: code)
        }
        let (heard, said) = (ends[0], ends[1])
        _ = fcntl(heard, F_SETFD, FD_CLOEXEC)
        _ = fcntl(said, F_SETFD, FD_CLOEXEC)
        self.wake = NIOLockedValueBox(said)
        let first = stamp?()
        BlockingThread.start {
            Self.run(
                inotify: inotify,
                wake: heard,
                concerns: concerns,
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
        concerns: (ArraySlice<UInt8>) -> Bool,
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
            // Of a folder there is no stamp: its events are all.
            switch waitForEvent(inotify: inotify, wake: wake, timeout: stamp == nil ? -1 : look) {
            case .stop: return
            case .timeout: if stamp?() == last { continue }
            case .file: break
            }
            var seen = Seen()
            drain(inotify, concerns, &seen)
            var rounds = 0
            settling: while rounds < (seen.isOpen ? maxRoundsOpen : maxRounds) {
                switch waitForEvent(inotify: inotify, wake: wake, timeout: settle) {
                case .file: drain(inotify, concerns, &seen)
                case .timeout: if !seen.isOpen { break settling }
                case .stop: return
                }
                rounds += 1
            }
            let concerned = seen.concerned
            let now = stamp?()
            if concerned || now != last { changed() }
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

    /// What events have told since the last change.
    private struct Seen {
        /// A file that counts has changed.
        var concerned = false
        /// Somebody has written to it and not closed it yet.
        var isOpen = false
    }

    /// Reads all waiting events.
    private static func drain(_ inotify: Int32, _ concerns: (ArraySlice<UInt8>) -> Bool, _ seen: inout Seen) {
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
                    seen.concerned = true
                } else if start < end, concerns(bytes[start..<end].prefix { $0 != 0 }) {
                    seen.concerned = true
                    seen.isOpen = event.mask & UInt32(IN_MODIFY) != 0
                }
                offset = end
            }
        }
    }
}

/// What tells one state of a file from another without reading it.
package struct FileStamp: Equatable, Sendable {
    private let device: UInt64
    private let node: UInt64
    private let size: Int64
    private let seconds: Int
    private let nanoseconds: Int

    /// Of what `path` stands for, links followed; nil where there is nothing.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
        size = Int64(status.st_size)
        // Which C module the fields of `timespec` belong to differs from build to build: read as what they are.
        (seconds, nanoseconds) = withUnsafeBytes(of: status.st_mtim) { bytes in
            (
                bytes.loadUnaligned(as: Int.self),
                bytes.loadUnaligned(fromByteOffset: MemoryLayout<Int>.size, as: Int.self)
            )
        }
    }
}
