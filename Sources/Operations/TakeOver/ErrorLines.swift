import Glibc

/// The standard error of a new process until it has the tier: passed on, and the last lines kept for a report.
struct ErrorLines {
    private static let maxLines = 40
    private static let maxLineBytes = 1000

    /// The end from which this process reads.
    private let input: Int32
    private var kept: [String] = []
    private var line: [UInt8] = []

    /// - Parameter input: a pipe. It stays the caller's.
    init(_ input: Int32) {
        self.input = input
        _ = fcntl(input, F_SETFL, fcntl(input, F_GETFL) | O_NONBLOCK)
    }

    /// Reads what is there. Does not block.
    mutating func read() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(input, &bytes, bytes.count)
            guard count > 0 else { return }
            Self.pass(bytes[..<count])
            for byte in bytes[..<count] {
                if byte == UInt8(ascii: "\n") {
                    keep()
                } else if line.count < Self.maxLineBytes {
                    line.append(byte)
                }
            }
        }
    }

    private mutating func keep() {
        if !line.isEmpty { kept.append(String(decoding: line, as: UTF8.self)) }
        line = []
        if kept.count > Self.maxLines { kept.removeFirst() }
    }

    /// The last lines, also one that has not ended.
    var lines: [String] { line.isEmpty ? kept : kept + [String(decoding: line, as: UTF8.self)] }

    /// To this process's standard error, unless nobody reads it.
    private static func pass(_ bytes: ArraySlice<UInt8>) {
        var ready = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard poll(&ready, 1, 0) > 0, ready.revents & Int16(POLLOUT) != 0 else { return }
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
