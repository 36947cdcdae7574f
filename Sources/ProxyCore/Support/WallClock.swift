import Bytes
import Glibc

/// The time of day, read once a tick: for the `Date` line of responses that have none.
package struct WallClock {
    /// `Date: Sun, 06 Nov 1994 08:49:37 GMT` and its line end (RFC 9110 §5.6.7).
    package private(set) var dateLine: [UInt8] = []
    /// Since 1970.
    private var second = 0

    package init() { refresh() }

    package mutating func refresh() {
        let now = time(nil)
        guard now != second else { return }
        second = now
        dateLine = Array("Date: \(UTCTime(secondsSince1970: now).httpDate)\r\n".utf8)
    }
}
