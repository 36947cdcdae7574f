import Logging

/// The log for operators, on standard error.
enum OperatorLog {
    /// Called once per process.
    static func start(level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        return Logger(label: "berth")
    }
}
