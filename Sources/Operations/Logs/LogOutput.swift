import Glibc

/// Where the lines of a log go: standard output, standard error or a file. Used by the thread of its sink.
struct LogOutput: Sendable {
    /// The result of one attempt to write.
    enum Step {
        case wrote(Int)
        /// The reader has not read anything for `patience`.
        case stalled
        /// `errno`.
        case failed(Int32)
    }

    /// How long an attempt waits for room, milliseconds.
    static let patience: Int32 = 100
    /// What a pipe or socket that has room takes without blocking, bytes (PIPE_BUF).
    private static let pipeBytes = 4096

    static let standardOutput = LogOutput(descriptor: STDOUT_FILENO)
    static let standardError = LogOutput(descriptor: STDERR_FILENO)

    private let descriptor: Int32
    private let isFile: Bool

    init(descriptor: Int32) {
        self.descriptor = descriptor
        var status = stat()
        isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    /// Opens a file to append to; creates it if it is missing.
    init(path: String) throws(LogSinkError) {
        // Non-blocking: a pipe that no program reads is an error, and does not hold the tier up.
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        let descriptor = open(path, flags, 0o640)
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
    }

    /// Writes as much as there is room for.
    ///
    /// Standard output is shared with other programs and stays in its mode, in which a write may block: a pipe gets no
    /// more at one time than fits.
    func write(_ bytes: UnsafeRawBufferPointer) -> Step {
        var part = bytes
        if !isFile {
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
