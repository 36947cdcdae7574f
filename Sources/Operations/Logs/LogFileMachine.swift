/// Whether the open file of a log is still the right one. Pure: time and what the path shows are arguments.
///
/// A file that somebody has renamed or removed is opened again under its path, without a signal. One that has become too
/// large is rotated.
struct LogFileMachine: Sendable {
    enum Step: Equatable {
        case write
        /// Rename the file, and open a new one.
        case rotate
        /// Open the path again.
        case reopen
    }

    /// The time between two looks at the path, and for which it must lead nowhere before a file is created, seconds:
    /// whoever renames a log creates a new one soon.
    static let lookInterval = 1
    /// The time before something that has failed is tried again, seconds.
    static let retryInterval = 10

    private let rotation: LogRotation?
    private var file: FileIdentity
    private var size: UInt64
    private var nextLook: Int
    private var nextRotation = Int.min
    private var missingSince: Int?

    /// - Parameter file: the one that is open.
    init(_ file: FileIdentity, rotation: LogRotation?, now: Int) {
        self.rotation = rotation
        self.file = file
        size = file.size
        nextLook = now + Self.lookInterval
    }

    /// What to do before so many bytes are written.
    ///
    /// - Parameters:
    ///   - now: seconds.
    ///   - look: the file that the path leads to; nil: none.
    mutating func step(_ bytes: Int, now: Int, look: () -> FileIdentity?) -> Step {
        let isFull = isFull(bytes) && now >= nextRotation
        guard isFull || now >= nextLook else { return .write }
        nextLook = now + Self.lookInterval
        guard let seen = look() else {
            let since = missingSince ?? now
            missingSince = since
            return now - since >= Self.lookInterval ? .reopen : .write
        }
        missingSince = nil
        guard seen.isSame(as: file) else { return .reopen }
        return isFull ? .rotate : .write
    }

    private func isFull(_ bytes: Int) -> Bool {
        guard let rotation, size > 0 else { return false }
        return size &+ UInt64(UInt(bitPattern: bytes)) > rotation.maxBytes
    }

    mutating func wrote(_ bytes: Int) { size &+= UInt64(UInt(bitPattern: bytes)) }

    /// Another process has the file: it may be about to rotate it.
    mutating func locked(now: Int) { nextRotation = now + Self.lookInterval }

    /// The last step has failed: the open file stays in use.
    mutating func failed(now: Int) {
        nextLook = now + Self.retryInterval
        nextRotation = now + Self.retryInterval
    }
}
