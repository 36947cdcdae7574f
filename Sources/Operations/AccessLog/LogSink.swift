import Glibc
import NIOCore
import NIOPosix
import NIOConcurrencyHelpers

/// Where the lines of the access log go: standard output or a file, written by a thread of its own, so that a slow
/// disk never delays an event loop.
///
/// The bytes that wait are limited. If the disk is too slow or full, lines are dropped and counted. A line truncated
/// by a full disk is terminated before the next one is written.
package final class LogSink: Sendable {
    /// Bytes that may wait to be written.
    static let maxWaitingBytes = 32 << 20

    private struct State {
        var waiting = 0
        var droppedLines: UInt64 = 0
        /// The last byte written does not end a line. Used by the writing thread alone.
        var isTorn = false
    }

    private let descriptor: Int32
    private let owned: Bool
    private let thread: NIOThreadPool
    private let state = NIOLockedValueBox(State())

    /// - Parameter path: nil for standard output; a file is appended to, and created if it is missing.
    /// - Throws: `LogSinkError` if the file cannot be opened.
    package init(path: String?) throws(LogSinkError) {
        if let path {
            descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
            guard descriptor >= 0 else {
                throw LogSinkError(path: path, reason: String(cString: strerror(errno)))
            }
            owned = true
        } else {
            descriptor = STDOUT_FILENO
            owned = false
        }
        thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
    }

    /// Queues a batch for writing; returns at once. Any thread.
    func write(_ batch: LogLine, lines: UInt64) {
        let size = batch.count
        let dropped: UInt64? = state.withLockedValue { state in
            guard state.waiting + size <= Self.maxWaitingBytes else {
                state.droppedLines &+= lines
                return nil
            }
            state.waiting += size
            return state.droppedLines
        }
        guard dropped != nil else { return }
        thread.submit { [self] _ in
            let lost = writeLines(batch)
            state.withLockedValue { state in
                state.waiting -= size
                state.droppedLines &+= lost
            }
        }
    }

    /// Lines that were dropped so far.
    package var droppedLines: UInt64 { state.withLockedValue { $0.droppedLines } }

    /// Writes the batches that wait, and closes the file.
    package func close() async {
        _ = try? await thread.runIfActive {}
        try? await thread.shutdownGracefully()
        if owned { Glibc.close(descriptor) }
    }

    /// - Returns: how many lines could not be written, or not to their end.
    private func writeLines(_ batch: LogLine) -> UInt64 {
        let newline = UInt8(ascii: "\n")
        return withExtendedLifetime(batch) {
            let bytes = batch.bytes
            func lines(from start: Int) -> UInt64 { UInt64(bytes[start...].count { $0 == newline }) }
            // A truncated line is terminated first, so that no two lines join.
            if state.withLockedValue({ $0.isTorn }) {
                guard withUnsafeBytes(of: newline, writeAll) == 1 else { return lines(from: 0) }
                state.withLockedValue { $0.isTorn = false }
            }
            let count = writeAll(bytes)
            guard count < bytes.count else { return 0 }
            if count > 0 {
                let isTorn = bytes[count - 1] != newline
                state.withLockedValue { $0.isTorn = isTorn }
            }
            return lines(from: count)
        }
    }

    /// - Returns: how many bytes were written before an error.
    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Int {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(
                descriptor,
                UnsafeRawBufferPointer(rebasing: rest).baseAddress,
                rest.count
            )
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN {
                    var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&wait, 1, -1)
                    continue
                }
                break
            }
            rest = rest.dropFirst(count)
        }
        return bytes.count - rest.count
    }
}

package struct LogSinkError: Error, CustomStringConvertible, Sendable {
    package let path: String
    package let reason: String
    package var description: String { "cannot write the access log \(path): \(reason)" }
}
