import Bytes
import Glibc

/// The time of a log record; the parts that change once a second are made once a second.
struct LogClock {
    struct Moment {
        /// `21/Nov/2026:02:37:00 +0000`, as in nginx's log; always UTC.
        var combined: [UInt8]
        /// `2026-11-21T02:37:00`, without fraction and zone.
        var iso: [UInt8]
        var milliseconds: Int
        /// Since 1970.
        var second = 0
    }

    private var second = -1
    private var combined: [UInt8] = []
    private var iso: [UInt8] = []

    mutating func now() -> Moment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        if time.tv_sec != second {
            second = time.tv_sec
            let utc = UTCTime(secondsSince1970: second)
            combined = Array(utc.commonLogDate.utf8)
            iso = Array(utc.iso8601.utf8)
        }
        return Moment(combined: combined, iso: iso, milliseconds: time.tv_nsec / 1_000_000, second: second)
    }
}
