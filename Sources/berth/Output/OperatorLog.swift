import Logging
import NIOConcurrencyHelpers
import Operations

/// The log for operators, on standard error.
enum OperatorLog {
    private static let isStarted = NIOLockedValueBox(false)
    private static let sink = try? DiagnosticLog.standardError()

    /// What it shows, which an operator may change.
    static let threshold = LogThreshold(.notice)

    /// Called once per process.
    static func start(level: Logger.Level) -> Logger {
        threshold.level = level
        LoggingSystem.bootstrap { label in
            guard let sink else {
                // No thread is left to write the log.
                return SwiftLogNoOpLogHandler()
            }
            return DiagnosticLog(label: label, sink: sink, threshold: threshold)
        }
        isStarted.withLockedValue { $0 = true }
        return Logger(label: "berth")
    }

    /// Writes what waits, if somebody reads it. Called once, before the process ends.
    static func end() async {
        if isStarted.withLockedValue({ $0 }) { await sink?.close() }
    }
}
