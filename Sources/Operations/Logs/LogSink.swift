import Dispatch
import Glibc
import NIOConcurrencyHelpers
import SystemSupport

/// Writes the lines of a log on a thread of its own, so that neither a slow disk nor a reader that has stopped reading
/// delays a thread that serves, reloads or shuts down.
///
/// The bytes that wait are limited. If they are too many, or the disk is full, lines are dropped and counted. A line
/// that was truncated is terminated before the next one is written.
package final class LogSink: Sendable {
    /// What an owner may report.
    package enum Event: Sendable, Equatable {
        /// So many bytes wait that lines are dropped from now on.
        case stalled
        /// Lines that were dropped since the last report, and why. The log is written again.
        case dropped(lines: UInt64, reason: String)
        case reopened
        /// The file that was open stays in use.
        case notReopened(reason: String)
    }

    private enum Job {
        case lines(LogLine, UInt64)
        case reopen
        case end
    }

    private struct State {
        var jobs: [Job] = []
        var waitingBytes = 0
        /// Lines that wait, with those that are being written.
        var waitingLines: UInt64 = 0
        var droppedLines: UInt64 = 0
        /// Those of them that were reported.
        var reportedLines: UInt64 = 0
        var isStallReported = false
        /// Bytes written since the start.
        var written: UInt64 = 0
        /// The file shall be opened again.
        var isReopening = false
        /// What waits is given up.
        var isAbandoned = false
        var hasEnded = false
    }

    /// Bytes of the access log that may wait to be written.
    static let accessLogBytes = 32 << 20
    /// The minimum time between two reports of dropped lines, seconds.
    static let reportInterval = 10
    /// How long a log that is not being read may hold up its end, and its reopening.
    static let patience = Duration.seconds(1)
    /// The maximum time for what waits to be written at the end.
    static let closeLimit = Duration.seconds(10)

    private let path: String?
    private let maxWaitingBytes: Int
    private let report: @Sendable (LogSink, Event) -> Void
    private let state = NIOLockedValueBox(State())
    private let work = DispatchSemaphore(value: 0)

    /// A file, or standard output.
    ///
    /// - Parameters:
    ///   - path: nil for standard output; a file is appended to, and created if it is missing.
    ///   - report: called on the sink's thread, or on one that calls `write`; it must not block.
    /// - Throws: `LogSinkError` if the file cannot be opened.
    package convenience init(
        path: String?,
        report: @escaping @Sendable (LogSink, Event) -> Void = { _, _ in }
    ) throws(LogSinkError) {
        let output: LogOutput = if let path { try LogOutput(path: path) } else { .standardOutput }
        try self.init(output, path: path, maxWaitingBytes: Self.accessLogBytes, report: report)
    }

    init(
        _ output: LogOutput,
        path: String? = nil,
        maxWaitingBytes: Int,
        report: @escaping @Sendable (LogSink, Event) -> Void
    ) throws(LogSinkError) {
        self.path = path
        self.maxWaitingBytes = maxWaitingBytes
        self.report = report
        guard BlockingThread.start({ [self] in run(output) }) else {
            throw LogSinkError(path: path ?? "-", reason: "the system has no thread left")
        }
    }

    /// Queues a batch for writing; returns at once. Any thread.
    func write(_ batch: LogLine, lines: UInt64) {
        let size = batch.count
        let isNewStall = state.withLockedValue { state in
            guard state.waitingBytes + size <= maxWaitingBytes, !state.isAbandoned else {
                state.droppedLines &+= lines
                defer { state.isStallReported = true }
                return !state.isStallReported
            }
            state.waitingBytes += size
            state.waitingLines &+= lines
            state.jobs.append(.lines(batch, lines))
            return false
        }
        if isNewStall { report(self, .stalled) }
        work.signal()
    }

    /// Lines that were dropped so far.
    package var droppedLines: UInt64 { state.withLockedValue { $0.droppedLines } }

    /// Opens the file again under its path, after what waits: a program has renamed the one that is open. Any thread.
    package func reopen() {
        guard path != nil else { return }
        state.withLockedValue { state in
            guard !state.isReopening else { return }
            state.isReopening = true
            state.jobs.append(.reopen)
        }
        work.signal()
    }

    /// Writes what waits, and closes the file. What nobody reads is given up and counted.
    package func close() async {
        state.withLockedValue { $0.jobs.append(.end) }
        work.signal()
        let start = ContinuousClock.now
        var last = (written: UInt64.max, at: start)
        while true {
            let (hasEnded, written) = state.withLockedValue { ($0.hasEnded, $0.written) }
            if hasEnded { return }
            let now = ContinuousClock.now
            if written != last.written { last = (written, now) }
            if now - last.at >= Self.patience || now - start >= Self.closeLimit { break }
            try? await Task.sleep(for: .milliseconds(5))
        }
        state.withLockedValue { state in
            state.isAbandoned = true
            state.droppedLines &+= state.waitingLines
            state.waitingLines = 0
        }
    }

    // MARK: On the thread

    private func run(_ first: LogOutput) {
        var writer = LogWriter(first)
        var lastReport: Int?
        while true {
            work.wait()
            for job in takeJobs() {
                switch job {
                case .lines(let batch, let lines):
                    let lost = writer.write(batch) { bytes, stalled in
                        state.withLockedValue { state in
                            state.written &+= UInt64(bytes)
                            return !state.isAbandoned && !(state.isReopening && stalled >= Self.patience)
                        }
                    }
                    finish(lines, lost: lost, bytes: batch.count)
                case .reopen: reopen(&writer)
                case .end:
                    if path != nil { writer.output.close() }
                    state.withLockedValue { $0.hasEnded = true }
                    return
                }
            }
            reportDropped(writer.failure, &lastReport)
        }
    }

    private func takeJobs() -> [Job] {
        state.withLockedValue { state in
            defer { state.jobs = [] }
            return state.jobs
        }
    }

    private func finish(_ lines: UInt64, lost: UInt64, bytes: Int) {
        state.withLockedValue { state in
            state.waitingBytes -= bytes
            // After the end was given up, they are counted.
            guard !state.isAbandoned else { return }
            state.waitingLines &-= lines
            state.droppedLines &+= lost
        }
    }

    private func reopen(_ writer: inout LogWriter) {
        defer { state.withLockedValue { $0.isReopening = false } }
        guard let path else { return }
        do throws(LogSinkError) {
            let fresh = try LogOutput(path: path)
            writer.output.close()
            writer = LogWriter(fresh)
            report(self, .reopened)
        } catch {
            report(self, .notReopened(reason: error.reason))
        }
    }

    private func reportDropped(_ failure: Int32, _ lastReport: inout Int?) {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        if let lastReport, now.tv_sec - lastReport < Self.reportInterval { return }
        let new: UInt64 = state.withLockedValue { state in
            // There must be room for what is logged about it.
            guard state.waitingBytes <= maxWaitingBytes / 2 else { return 0 }
            defer {
                state.reportedLines = state.droppedLines
                state.isStallReported = false
            }
            return state.droppedLines &- state.reportedLines
        }
        guard new > 0 else { return }
        lastReport = now.tv_sec
        report(
            self,
            .dropped(
                lines: new,
                reason: failure == 0 ? "they were not read in time" : String(cString: strerror(failure))
            )
        )
    }
}

package struct LogSinkError: Error, CustomStringConvertible, Sendable {
    package let path: String
    package let reason: String
    package var description: String { "cannot write the access log \(path): \(reason)" }
}
