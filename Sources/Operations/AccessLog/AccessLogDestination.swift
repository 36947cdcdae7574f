import Logging

extension TierService {
    /// The destination of the access log.
    package enum AccessLogDestination: Sendable, Equatable {
        case off
        case standardOutput
        case file(String, LogRotation? = nil)
        /// The socket of the log daemon of this machine.
        case syslog(path: String = usualSyslog)

        package static let usualSyslog = SyslogSocket.usualPath
    }
}

extension TierService.AccessLogDestination {
    var isSyslog: Bool { if case .syslog = self { true } else { false } }

    /// Opens it; nil: there is no access log. Dropped lines and reopenings are logged.
    func sink(_ logger: Logger) throws(LogSinkError) -> LogSink? {
        let events = LogSinkEvents("access log", logger)
        switch self {
        case .off: return nil
        case .standardOutput: return try LogSink(path: nil, report: events.reporter(path: "-"))
        case .file(let path, let rotation):
            return try LogSink(path: path, rotation: rotation, report: events.reporter(path: path))
        case .syslog(let path):
            return try LogSink(
                try LogOutput(syslog: path),
                maxWaitingBytes: LogSink.accessLogBytes,
                report: events.reporter(path: path)
            )
        }
    }
}
