import Logging
import NIOConcurrencyHelpers
import Operations

/// The log for operators, on standard error.
enum OperatorLog {
    private static let isStarted = NIOLockedValueBox(false)
    private static let sink = try? DiagnosticLog.standardError()

    /// Called once per process.
    static func start(level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { label in
            guard let sink else {
                // No thread is left to write the log.
                return SwiftLogNoOpLogHandler()
            }
            var handler = DiagnosticLog(label: label, sink: sink)
            handler.logLevel = level
            return handler
        }
        isStarted.withLockedValue { $0 = true }
        return Logger(label: "berth")
    }

    /// Writes what waits, if somebody reads it. Called once, before the process ends.
    static func end() async {
        if isStarted.withLockedValue({ $0 }) { await sink?.close() }
    }
}
