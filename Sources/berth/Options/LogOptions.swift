import ArgumentParser
import Logging
import Operations

/// `--access-log`: `off`, `-` for standard output, `syslog`, or a file.
extension TierService.AccessLogDestination: ExpressibleByArgument {
    private static let syslogPrefix = "syslog:"

    package init(argument: String) {
        switch argument {
        case "off": self = .off
        case "-": self = .standardOutput
        case "syslog": self = .syslog()
        case _ where argument.hasPrefix(Self.syslogPrefix):
            self = .syslog(path: String(argument.dropFirst(Self.syslogPrefix.count)))
        default: self = .file(argument)
        }
    }

    package var defaultValueDescription: String {
        switch self {
        case .off: "off"
        case .standardOutput: "-"
        case .file(let path, _): path
        case .syslog(let path): Self.syslogPrefix + path
        }
    }
}

/// The files of logs.
struct LogFileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Rotate the file of the access log when it reaches this size, and keep some: 100MiB,keep=5.",
            valueName: "size[,keep=count]"
        )
    )
    var accessLogRotate: String?

    @Option(
        help: ArgumentHelp(
            "The file in which the requests of rules with 'tap' are recorded (default: none).",
            valueName: "file"
        )
    )
    var tapLog: String?

    @Option(
        help: ArgumentHelp(
            "Rotate the tap log when it reaches this size, and keep some: 100MiB,keep=5.",
            valueName: "size[,keep=count]"
        )
    )
    var tapLogRotate: String?

    /// - Parameter destination: of `--access-log`.
    func accessLog(_ destination: TierService.AccessLogDestination) throws -> TierService.AccessLogDestination
    {
        guard let rotation = try Self.rotation("--access-log-rotate", accessLogRotate) else {
            return destination
        }
        guard case .file(let path, _) = destination else {
            throw CommandFailure("--access-log-rotate: --access-log is not a file")
        }
        return .file(path, rotation)
    }

    func tap() throws -> TapLog.Destination? {
        let rotation = try Self.rotation("--tap-log-rotate", tapLogRotate)
        guard let tapLog else {
            if rotation == nil { return nil }
            throw CommandFailure("--tap-log-rotate: there is no --tap-log")
        }
        return TapLog.Destination(path: tapLog, rotation: rotation)
    }

    private static func rotation(_ option: String, _ text: String?) throws -> LogRotation? {
        guard let text else { return nil }
        if let rotation = LogRotation(text) { return rotation }
        throw CommandFailure(
            "\(option): '\(text)' is not a size of at least \(LogRotation.minBytes >> 10)KiB; write it like 100MiB or 100MiB,keep=5"
        )
    }
}

/// The values of `--log-format`.
enum LogFormatOption: String, ExpressibleByArgument, CaseIterable {
    case text, json

    var format: AccessLogFormat { self == .json ? .json : .text }
}

/// The values of `--log-level`.
enum LogLevelOption: String, ExpressibleByArgument, CaseIterable {
    case debug, info, notice, warning, error

    var level: Logger.Level { Logger.Level(rawValue: rawValue) ?? .notice }
}
