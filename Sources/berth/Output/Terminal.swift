import Glibc
import NIOConcurrencyHelpers

/// Output for the person at the terminal.
enum Terminal {
    /// Whether standard error shows colours: it is a terminal, and `NO_COLOR` is not set (https://no-color.org).
    static var errorHasColor: Bool { isatty(STDERR_FILENO) != 0 && getenv("NO_COLOR") == nil }
    static var outputHasColor: Bool { isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == nil }

    static func error(_ text: String) {
        write(text + "\n", to: STDERR_FILENO)
    }

    static func output(_ text: String) {
        write(text + "\n", to: STDOUT_FILENO)
    }

    /// Writes text that has its own newlines.
    static func text(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    /// Writes to standard error without a newline, for a line that is overwritten.
    static func progress(_ text: String) {
        write(text, to: STDERR_FILENO)
    }

    /// How long a message waits for a reader of standard error, milliseconds: a program that does not read it must not
    /// keep this one from its end.
    private static let errorPatience: Int32 = 2000
    /// Nobody reads standard error: what follows is not written.
    private static let isStalled = NIOLockedValueBox(false)
    /// What a pipe that has room takes without blocking, bytes (PIPE_BUF).
    private static let pipeBytes = 4096

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            var part = rest
            if descriptor == STDERR_FILENO {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if isStalled.withLockedValue({ $0 }) { return }
                if poll(&ready, 1, errorPatience) == 0 { return isStalled.withLockedValue { $0 = true } }
                part = rest.prefix(pipeBytes)
            }
            let count = part.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                if errno == EINTR { continue }
                return
            }
            rest = rest.dropFirst(count)
        }
    }
}
