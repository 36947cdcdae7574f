import Glibc

/// The events of one folder (inotify). Used by one thread.
struct FolderEvents {
    /// What events have reported.
    struct Seen {
        /// A matching file has changed.
        var isMatched = false
        /// Something else in the folder has changed: a link that leads to a matching file may lead elsewhere.
        var isOther = false
        /// The folder was removed or renamed: its events end.
        var hasEnded = false
        /// The matching files to which a writer has written, and which it has not closed yet.
        var open: Set<[UInt8]> = []
    }

    private let descriptor: Int32

    /// Nil: the folder cannot be watched now: it does not exist, or no instance, watch or descriptor is left.
    init?(_ folder: String) {
        let descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard descriptor >= 0 else { return nil }
        let mask =
            UInt32(IN_CLOSE_WRITE) | UInt32(IN_MODIFY) | UInt32(IN_MOVED_TO) | UInt32(IN_CREATE)
            | UInt32(IN_DELETE) | UInt32(IN_MOVED_FROM) | UInt32(IN_ATTRIB) | UInt32(IN_DELETE_SELF)
            | UInt32(IN_MOVE_SELF)
        guard inotify_add_watch(descriptor, folder, mask) >= 0 else {
            Glibc.close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    func close() { Glibc.close(descriptor) }

    /// Waits for events, at most for so many milliseconds, and reads all of them.
    func wait(_ milliseconds: Int32, _ matches: (ArraySlice<UInt8>) -> Bool, _ seen: inout Seen) {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, milliseconds) > 0 else { return }
        let header = MemoryLayout<inotify_event>.size
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { return }
            var offset = 0
            while offset + header <= count {
                let event = bytes.withUnsafeBytes {
                    $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                }
                let start = offset + header
                let end = min(start + Int(event.len), count)
                take(event.mask, bytes[start..<end].prefix { $0 != 0 }, matches, &seen)
                offset = end
            }
        }
    }

    private func take(
        _ mask: UInt32,
        _ name: ArraySlice<UInt8>,
        _ matches: (ArraySlice<UInt8>) -> Bool,
        _ seen: inout Seen
    ) {
        if mask & UInt32(IN_Q_OVERFLOW) != 0 {
            seen.isMatched = true
        } else if mask & (UInt32(IN_IGNORED) | UInt32(IN_DELETE_SELF) | UInt32(IN_MOVE_SELF)) != 0 {
            seen.hasEnded = true
        } else if !name.isEmpty, matches(name) {
            seen.isMatched = true
            // A change of the permissions says nothing about a writer.
            if mask & UInt32(IN_ATTRIB) != 0 { return }
            if mask & UInt32(IN_MODIFY) != 0 {
                seen.open.insert(Array(name))
            } else {
                seen.open.remove(Array(name))
            }
        } else {
            seen.isOther = true
        }
    }
}
