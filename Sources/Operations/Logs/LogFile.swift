import Glibc

/// The output of a log on its thread: opens its file again, and rotates it.
struct LogFile {
    /// Nil: the output is not one that can be opened again.
    private let path: String?
    private let access: LogFileAccess
    private let rotation: LogRotation?
    private(set) var writer: LogWriter
    /// Nil: the output is not a regular file.
    private var machine: LogFileMachine?
    /// The last attempt to rotate found the file locked.
    private var isLocked = false
    /// The last failure that was reported. The same one is reported once.
    private var reported = ""

    init(_ output: LogOutput, path: String?, access: LogFileAccess, rotation: LogRotation?) {
        self.path = path
        self.access = access
        self.rotation = rotation
        writer = LogWriter(output)
        machine = path.flatMap { _ in output.identity }.map {
            LogFileMachine($0, rotation: rotation, now: Self.now)
        }
    }

    private static var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec
    }

    /// Before so many bytes are written: replaces a file that was renamed, or is full.
    ///
    /// - Returns: what to report.
    mutating func prepare(_ bytes: Int) -> LogSink.Event? {
        guard let path, machine != nil else { return nil }
        let now = Self.now
        switch machine?.step(bytes, now: now, look: { FileIdentity.of(path: path) }) {
        case .rotate:
            // Else two generations of a tier would rename one file each, and the second time it is the new one. Where
            // another rotates it, the machine finds the new file.
            guard let code = writer.output.alone({ shift(path) }) else { return locked(now) }
            isLocked = false
            guard code == 0 else {
                machine?.failed(now: now)
                return reportOnce(.notRotated(reason: String(cString: strerror(code))))
            }
            // Without a new file, the path leads nowhere: the machine finds that out.
            return reopen().flatMap { $0 == .reopened ? .rotated : $0 }
        case .reopen:
            isLocked = false
            return reopen()
        case .write, nil: return nil
        }
    }

    /// Another generation has the lock for a moment. A lock that stays is somebody else's.
    ///
    /// - Returns: what to report.
    private mutating func locked(_ now: Int) -> LogSink.Event? {
        machine?.locked(now: now)
        defer { isLocked = true }
        return isLocked ? reportOnce(.notRotated(reason: "another process has locked the file")) : nil
    }

    /// - Returns: `errno`, or 0.
    private func shift(_ path: String) -> Int32 {
        // It was rotated before this process had the lock: it is opened again.
        guard let open = writer.output.identity, let seen = FileIdentity.of(path: path), seen.isSame(as: open)
        else {
            return 0
        }
        return rotation?.shift(path) { rename($0, $1) == 0 ? 0 : errno } ?? 0
    }

    /// Opens the path again.
    ///
    /// - Returns: what to report.
    mutating func reopen() -> LogSink.Event? {
        guard let path else { return nil }
        do throws(LogSinkError) {
            let fresh = try LogOutput(path: path, access: access)
            writer.output.close()
            self = LogFile(fresh, path: path, access: access, rotation: rotation)
            return .reopened
        } catch {
            machine?.failed(now: Self.now)
            return reportOnce(.notReopened(reason: error.reason))
        }
    }

    private mutating func reportOnce(_ event: LogSink.Event) -> LogSink.Event? {
        let text = "\(event)"
        defer { reported = text }
        return text == reported ? nil : event
    }

    /// Writes a batch: see `LogWriter.write`.
    mutating func write(_ batch: LogLine, lines: UInt64, _ proceed: (Int, Duration) -> Bool) -> UInt64 {
        var count = 0
        defer { machine?.wrote(count) }
        return writer.write(batch, lines: lines) { bytes, stalled in
            count += bytes
            return proceed(bytes, stalled)
        }
    }

    func close() {
        if path != nil { writer.output.close() }
    }
}
