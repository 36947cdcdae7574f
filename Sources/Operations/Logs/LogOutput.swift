import Glibc

/// Where the lines of a log go: standard output, standard error, a file, or the socket of a log daemon. Used by the thread
/// of its sink.
struct LogOutput: Sendable {
    /// The result of one attempt to write.
    enum Step {
        case wrote(Int)
        /// The reader has not read anything for `patience`.
        case stalled
        /// `errno`.
        case failed(Int32)
    }

    private enum Kind: Sendable {
        case file, stream
        /// Each line is a message of its own.
        case daemon(SyslogSocket)
    }

    /// How long an attempt waits for room, milliseconds.
    static let patience: Int32 = 100
    /// What a pipe or socket that has room takes without blocking, bytes (PIPE_BUF).
    private static let pipeBytes = 4096

    static let standardOutput = LogOutput(descriptor: STDOUT_FILENO)
    static let standardError = LogOutput(descriptor: STDERR_FILENO)

    private let descriptor: Int32
    private let kind: Kind

    init(descriptor: Int32) {
        self.descriptor = descriptor
        kind = FileIdentity.of(descriptor) == nil ? .stream : .file
    }

    /// Opens a file to append to; creates it if it is missing.
    ///
    /// - Parameter access: who may read it.
    init(path: String, access: LogFileAccess = .group) throws(LogSinkError) {
        // Non-blocking: a pipe that no program reads is an error, and does not hold the tier up.
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        let descriptor = open(path, flags, access.mode)
        guard descriptor >= 0 else {
            let code = errno
            var status = stat()
            let isPipe = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
            throw LogSinkError(
                path: path,
                reason: isPipe && code == ENXIO
                    ? "no program reads this pipe" : String(cString: strerror(code))
            )
        }
        self.init(descriptor: descriptor)
        if access == .owner, identity != nil, let code = Self.restrict(descriptor) {
            close()
            let reason = "others may read it, and that cannot be changed: \(String(cString: strerror(code)))"
            throw LogSinkError(path: path, reason: reason)
        }
    }

    /// The socket of the log daemon of this machine.
    init(syslog path: String) throws(LogSinkError) {
        let socket: SyslogSocket
        do throws(LogSinkError) { socket = try SyslogSocket(path: path) } catch { throw error }
        descriptor = socket.descriptor
        kind = .daemon(socket)
    }

    /// Takes the permissions of others away from a file that was there before.
    ///
    /// - Returns: `errno`; nil: only the owner may read it.
    private static func restrict(_ descriptor: Int32) -> Int32? {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return errno }
        guard status.st_mode & 0o077 != 0 else { return nil }
        return fchmod(descriptor, 0o600) == 0 ? nil : errno
    }

    /// Of a file; nil: it is none.
    var identity: FileIdentity? { FileIdentity.of(descriptor) }

    /// Does something that only one process at a time may do with the file.
    ///
    /// - Returns: nil: another one does something.
    func alone<Result>(_ body: () -> Result) -> Result? {
        let isLocked = flock(descriptor, LOCK_EX | LOCK_NB) == 0
        // Some file systems have no locks.
        guard isLocked || errno != EWOULDBLOCK else { return nil }
        defer { if isLocked { flock(descriptor, LOCK_UN) } }
        return body()
    }

    /// Writes as much as there is room for.
    ///
    /// Standard output is shared with other programs and stays in its mode, in which a write may block: a pipe gets no
    /// more at one time than fits.
    func write(_ bytes: UnsafeRawBufferPointer) -> Step {
        var part = bytes
        switch kind {
        case .file: break
        case .daemon(let socket): return socket.send(bytes, patience: Self.patience)
        case .stream:
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&ready, 1, Self.patience) > 0 else { return .stalled }
            part = UnsafeRawBufferPointer(rebasing: bytes.prefix(Self.pipeBytes))
        }
        while true {
            let count = Glibc.write(descriptor, part.baseAddress, part.count)
            if count >= 0 { return .wrote(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // There is some room, but not for this much.
                poll(nil, 0, Self.patience)
                return .stalled
            default: return .failed(errno)
            }
        }
    }

    func close() { Glibc.close(descriptor) }
}

/// Who may read the file of a log.
enum LogFileAccess: Sendable {
    /// The user and the group of the tier.
    case group
    /// The user of the tier alone, also where the file was there before.
    case owner

    var mode: mode_t { self == .group ? 0o640 : 0o600 }
}
