import Logging

extension TierService {
    /// The destination of the access log.
    package enum AccessLogDestination: Sendable, Equatable {
        case off
        case standardOutput
        case file(String)
    }
}

extension TierService.AccessLogDestination {
    /// Opens it; nil: there is no access log. Dropped lines and reopenings are logged.
    func sink(_ logger: Logger) throws(LogSinkError) -> LogSink? {
        let path: String?
        switch self {
        case .off: return nil
        case .standardOutput: path = nil
        case .file(let file): path = file
        }
        var logger = logger
        logger[metadataKey: "path"] = "\(path ?? "-")"
        return try LogSink(path: path) { [logger] _, event in
            switch event {
            case .stalled:
                logger.warning("the access log is not being read or written in time; its lines are dropped")
            case .dropped(let lines, let reason):
                logger.warning(
                    "lines of the access log were dropped",
                    metadata: ["lines": "\(lines)", "reason": "\(reason)"]
                )
            case .reopened: logger.notice("access log reopened")
            case .notReopened(let reason):
                logger.error(
                    "access log not reopened; the file that was open stays in use",
                    metadata: ["reason": "\(reason)"]
                )
            }
        }
    }
}
