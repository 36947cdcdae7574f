/// A time in UTC, in the parts that texts are made of (proleptic Gregorian calendar, no leap seconds).
package struct UTCTime: Hashable, Sendable {
    package var year: Int
    /// 1 to 12.
    package var month: Int
    /// 1 to 31.
    package var day: Int
    package var hour: Int
    package var minute: Int
    package var second: Int
    /// 0 is Sunday.
    package var weekday: Int

    /// Seconds since 1970, as `time(2)` counts them.
    package init(secondsSince1970: Int) {
        // Days and seconds of the day, rounded down before 1970 too.
        let seconds = secondsSince1970 % 86_400
        let secondOfDay = seconds < 0 ? seconds + 86_400 : seconds
        let days = (secondsSince1970 - secondOfDay) / 86_400
        hour = secondOfDay / 3_600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60
        weekday = ((days + 4) % 7 + 7) % 7

        // Years begin in March here, so that a leap day is a year's last; 400 years have 146,097 days.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `Nov`.
    package var monthName: String {
        switch month {
        case 1: "Jan"
        case 2: "Feb"
        case 3: "Mar"
        case 4: "Apr"
        case 5: "May"
        case 6: "Jun"
        case 7: "Jul"
        case 8: "Aug"
        case 9: "Sep"
        case 10: "Oct"
        case 11: "Nov"
        default: "Dec"
        }
    }

    /// `Sun`.
    package var weekdayName: String {
        switch weekday {
        case 0: "Sun"
        case 1: "Mon"
        case 2: "Tue"
        case 3: "Wed"
        case 4: "Thu"
        case 5: "Fri"
        default: "Sat"
        }
    }

    /// `08:49:37`.
    package var clock: String { "\(twoDigits(hour)):\(twoDigits(minute)):\(twoDigits(second))" }

    /// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
    package var httpDate: String {
        "\(weekdayName), \(twoDigits(day)) \(monthName) \(fourDigits(year)) \(clock) GMT"
    }

    /// `06/Nov/1994:08:49:37 +0000`, as in nginx's log.
    package var commonLogDate: String {
        "\(twoDigits(day))/\(monthName)/\(fourDigits(year)):\(clock) +0000"
    }

    /// `1994-11-06T08:49:37`, without fraction and zone.
    package var iso8601: String { "\(fourDigits(year))-\(twoDigits(month))-\(twoDigits(day))T\(clock)" }

    private func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

    private func fourDigits(_ value: Int) -> String {
        let digits = "\(value)"
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}
