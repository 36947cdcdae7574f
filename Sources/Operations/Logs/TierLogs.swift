import Logging
import Proxy
import ProxyCore

/// The logs of a tier's requests.
package struct TierLogs: Sendable {
    /// Nil: there is no access log.
    let access: LogSink?
    /// Nil: nothing is recorded.
    let tap: TapLog?
    private let format: AccessLogFormat
    private let isSyslog: Bool
    private let tier: String

    /// Opens them.
    ///
    /// - Parameter tier: `front` or `local`.
    init(_ options: TierService.Options, tier: String, logger: Logger) throws(LogSinkError) {
        format = options.format
        isSyslog = options.accessLog.isSyslog
        self.tier = tier
        access = try options.accessLog.sink(logger)
        guard let destination = options.tapLog else {
            tap = nil
            return
        }
        tap = try TapLog(destination, tier: tier, logger: logger)
    }

    /// The access log of one event loop.
    func accessLog() -> AccessLog? {
        access.map { AccessLog(sink: $0, format: format, tier: tier, isSyslog: isSyslog) }
    }

    /// Opens the files again, after what waits.
    func reopen() {
        access?.reopen()
        tap?.sink.reopen()
    }

    /// Writes what waits.
    func close() async {
        await access?.close()
        await tap?.sink.close()
    }

    /// Of the access log, the tap log and standard error: lines that were dropped so far. Any thread.
    package var dropped: (access: UInt64, tap: UInt64, diagnostic: UInt64) {
        (access?.droppedLines ?? 0, tap?.sink.droppedLines ?? 0, DiagnosticLog.droppedEntries)
    }

    /// What was dropped, for the last entry of the log for operators.
    func count(in metadata: inout Logger.Metadata) {
        let dropped = dropped
        if dropped.access > 0 { metadata["log_lines_dropped"] = "\(dropped.access)" }
        if let tap {
            metadata["tap_records"] = "\(tap.records)"
            if tap.skipped > 0 { metadata["tap_skipped"] = "\(tap.skipped)" }
        }
        if dropped.tap > 0 { metadata["tap_lines_dropped"] = "\(dropped.tap)" }
        if dropped.diagnostic > 0 { metadata["messages_dropped"] = "\(dropped.diagnostic)" }
    }
}
