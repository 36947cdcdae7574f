import ArgumentParser
import Logging
import Operations

/// `--access-log`: `off`, `-` for standard output, or a file.
extension TierService.AccessLogDestination: ExpressibleByArgument {
    package init(argument: String) {
        switch argument {
        case "off": self = .off
        case "-": self = .standardOutput
        default: self = .file(argument)
        }
    }

    package var defaultValueDescription: String {
        switch self {
        case .off: "off"
        case .standardOutput: "-"
        case .file(let path): path
        }
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
