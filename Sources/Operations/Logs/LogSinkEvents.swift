import Logging

/// Tells operators what happens to a log.
struct LogSinkEvents {
    private let logger: Logger
    private let dropped: Logger.Message
    private let stalled: Logger.Message
    private let reopened: Logger.Message
    private let notReopened: Logger.Message
    private let rotated: Logger.Message
    private let notRotated: Logger.Message

    /// - Parameter name: `access log`.
    init(_ name: StaticString, _ logger: Logger) {
        self.logger = logger
        stalled = "the \(name) is not being read or written in time; its lines are dropped"
        dropped = "lines of the \(name) were dropped"
        reopened = "\(name) reopened"
        notReopened = "\(name) not reopened; the file that was open stays in use"
        rotated = "\(name) rotated"
        notRotated = "\(name) not rotated; the file that was open stays in use"
    }

    func reporter(path: String) -> @Sendable (LogSink, LogSink.Event) -> Void {
        var logger = logger
        logger[metadataKey: "path"] = "\(path)"
        return { [self, logger] _, event in report(event, to: logger) }
    }

    private func report(_ event: LogSink.Event, to logger: Logger) {
        switch event {
        case .stalled: logger.warning(stalled)
        case .dropped(let lines, let reason):
            logger.warning(dropped, metadata: ["lines": "\(lines)", "reason": "\(reason)"])
        case .reopened: logger.notice(reopened)
        case .rotated: logger.info(rotated)
        case .notReopened(let reason): logger.error(notReopened, metadata: ["reason": "\(reason)"])
        case .notRotated(let reason): logger.error(notRotated, metadata: ["reason": "\(reason)"])
        }
    }
}
