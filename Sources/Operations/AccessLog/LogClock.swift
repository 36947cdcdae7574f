import Glibc

/// The time of a log record; the parts that change once a second are made once a second.
struct LogClock {
    struct Moment {
        /// `21/Nov/2026:02:37:00 +0000`, as in nginx's log; always UTC.
        var combined: [UInt8]
        /// `2026-11-21T02:37:00`, without fraction and zone.
        var iso: [UInt8]
        var milliseconds: Int
    }

    private var second = -1
    private var combined: [UInt8] = []
    private var iso: [UInt8] = []

    mutating func now() -> Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        if time.tv_sec != second {
            second = time.tv_sec
            var parts = tm()
            var seconds = time.tv_sec
            gmtime_r(&seconds, &parts)
            let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
            func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
            let year = 1900 + Int(parts.tm_year)
            let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
            combined = Array(
                "\(two(parts.tm_mday))/\(months[Int(parts.tm_mon) % 12])/\(year):\(clock) +0000".utf8
            )
            iso = Array("\(year)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T\(clock)".utf8)
        }
        return Moment(combined: combined, iso: iso, milliseconds: time.tv_nsec / 1_000_000)
    }
}
