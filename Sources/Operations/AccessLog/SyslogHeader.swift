import Bytes
import Glibc
import ProxyCore

/// What precedes a message to the log daemon of this machine: priority, time, the program and its process, as syslog(3)
/// writes them (RFC 3164). rsyslog, syslog-ng and systemd-journald all read this form at `/dev/log`.
struct SyslogHeader {
    /// How severe a request is (RFC 5424 §6.2.1).
    enum Severity: UInt64 {
        case error = 3
        case warning = 4
        case informational = 6

        static func of(_ record: ExchangeRecord) -> Severity {
            if record.isError { return .error }
            return record.status >= 400 ? .warning : .informational
        }
    }

    /// System daemons (RFC 5424 §6.2.1).
    private static let facility: UInt64 = 3

    /// ` berth-front[4711]: `
    private let name: [UInt8]
    private var second = Int.min
    private var time: [UInt8] = []

    init(tag: String, process: Int32 = getpid()) {
        name = Array(" \(tag)[\(process)]: ".utf8)
    }

    /// - Parameter second: since 1970.
    mutating func write(_ severity: Severity, second: Int, into out: LogLine) {
        if second != self.second {
            self.second = second
            time = Self.time(second)
        }
        out.append("<")
        out.append(number: Self.facility << 3 | severity.rawValue)
        out.append(">")
        out.append(plain: time)
        out.append(plain: name)
    }

    /// `Nov  6 08:49:37`, in local time: the form has no zone.
    static func time(_ second: Int) -> [UInt8] {
        var (second, parts) = (second, tm())
        localtime_r(&second, &parts)
        let local = UTCTime(secondsSince1970: second + parts.tm_gmtoff)
        return Array("\(local.monthName) \(local.day < 10 ? " " : "")\(local.day) \(local.clock)".utf8)
    }
}
