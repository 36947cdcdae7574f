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
        /// The file was too large: it was renamed, and a new one is written.
        case rotated
        /// The file that was too large stays in use.
        case notRotated(reason: String)
    }

    private enum Job {
        case lines(LogLine, UInt64)
        /// One line, and about how many bytes it needs.
        case made(@Sendable () -> LogLine, Int)
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

    private let isFile: Bool
    private let maxWaitingBytes: Int
    private let report: @Sendable (LogSink, Event) -> Void
    private let state = NIOLockedValueBox(State())
    private let work = DispatchSemaphore(value: 0)

    /// A file, or standard output.
    ///
    /// - Parameters:
    ///   - path: nil for standard output; a file is appended to, and created if it is missing.
    ///   - access: who may read the file.
    ///   - rotation: of the file; nil: it grows.
    ///   - maxWaitingBytes: that may wait to be written.
    ///   - report: called on the sink's thread, or on one that calls `write`; it must not block.
    /// - Throws: `LogSinkError` if the file cannot be opened.
    convenience init(
        path: String?,
        access: LogFileAccess = .group,
        rotation: LogRotation? = nil,
        maxWaitingBytes: Int = accessLogBytes,
        report: @escaping @Sendable (LogSink, Event) -> Void = { _, _ in }
    ) throws(LogSinkError) {
        let output: LogOutput =
            if let path { try LogOutput(path: path, access: access) } else { .standardOutput }
        try self.init(
            output,
            path: path,
            access: access,
            rotation: rotation,
            maxWaitingBytes: maxWaitingBytes,
            report: report
        )
    }

    /// - Parameter path: of a file that can be opened again; nil: it is none.
    init(
        _ output: LogOutput,
        path: String? = nil,
        access: LogFileAccess = .group,
        rotation: LogRotation? = nil,
        maxWaitingBytes: Int,
        report: @escaping @Sendable (LogSink, Event) -> Void
    ) throws(LogSinkError) {
        self.isFile = path != nil
        self.maxWaitingBytes = maxWaitingBytes
        self.report = report
        let file = LogFile(output, path: path, access: access, rotation: rotation)
        guard BlockingThread.start({ [self] in run(file) }) else {
            throw LogSinkError(path: path ?? "-", reason: "the system has no thread left")
        }
    }

    /// Queues a batch for writing; returns at once. Any thread.
    func write(_ batch: LogLine, lines: UInt64) {
        add(.lines(batch, lines), lines: lines, bytes: batch.count)
    }

    /// Queues one line that is made on the sink's thread; returns at once. Any thread.
    ///
    /// - Parameter bytes: about how many it needs.
    /// - Returns: false where it is dropped.
    @discardableResult
    func write(bytes: Int, _ make: @escaping @Sendable () -> LogLine) -> Bool {
        add(.made(make, bytes), lines: 1, bytes: bytes)
    }

    @discardableResult
    private func add(_ job: Job, lines: UInt64, bytes size: Int) -> Bool {
        let (isTaken, isNewStall) = state.withLockedValue { state in
            guard state.waitingBytes + size <= maxWaitingBytes, !state.isAbandoned else {
                state.droppedLines &+= lines
                defer { state.isStallReported = true }
                return (false, !state.isStallReported)
            }
            state.waitingBytes += size
            state.waitingLines &+= lines
            state.jobs.append(job)
            return (true, false)
        }
        if isNewStall { report(self, .stalled) }
        work.signal()
        return isTaken
    }

    /// Lines that were dropped so far.
    package var droppedLines: UInt64 { state.withLockedValue { $0.droppedLines } }

    /// Opens the file again under its path, after what waits: a program has renamed the one that is open. Any thread.
    package func reopen() {
        guard isFile else { return }
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

    private func run(_ first: LogFile) {
        var file = first
        var lastReport: Int?
        while true {
            wait()
            for job in takeJobs() {
                switch job {
                case .lines(let batch, let lines): write(batch, lines, batch.count, to: &file)
                case .made(let make, let bytes): write(make(), 1, bytes, to: &file)
                case .reopen: reopen(&file)
                case .end:
                    file.close()
                    state.withLockedValue { $0.hasEnded = true }
                    return
                }
            }
            reportDropped(file.writer.failure, &lastReport)
        }
    }

    /// Until there is work, or dropped lines may be reported.
    private func wait() {
        let isReported = state.withLockedValue { $0.reportedLines == $0.droppedLines }
        if isReported { return work.wait() }
        _ = work.wait(timeout: .now() + .seconds(1))
    }

    /// - Parameter bytes: that were added for it to those that wait.
    private func write(_ batch: LogLine, _ lines: UInt64, _ bytes: Int, to file: inout LogFile) {
        if let event = file.prepare(batch.count) { report(self, event) }
        let lost = file.write(batch, lines: lines) { bytes, stalled in
            state.withLockedValue { state in
                state.written &+= UInt64(bytes)
                return !state.isAbandoned && !(state.isReopening && stalled >= Self.patience)
            }
        }
        finish(lines, lost: lost, bytes: bytes)
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

    private func reopen(_ file: inout LogFile) {
        defer { state.withLockedValue { $0.isReopening = false } }
        if let event = file.reopen() { report(self, event) }
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
