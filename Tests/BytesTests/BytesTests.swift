import Bytes
import Glibc
import Testing

@Suite struct BytesTests {
    @Test func `The classes of bytes are those of their RFCs`() {
        func matching(_ isMember: (UInt8) -> Bool) -> String {
            String(decoding: (0...255).map { UInt8($0) }.filter(isMember), as: UTF8.self)
        }
        let digits = "0123456789"
        let upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        let lower = "abcdefghijklmnopqrstuvwxyz"
        #expect(matching(ASCII.isDigit) == digits)
        #expect(matching(ASCII.isLetter) == upper + lower)
        #expect(matching(ASCII.isLetterOrDigit) == digits + upper + lower)
        #expect(matching(ASCII.isWord) == digits + upper + "_" + lower)
        #expect(matching(ASCII.isHost) == "-." + digits + "_" + lower)
        #expect(matching(ASCII.isToken) == "!#$%&'*+-." + digits + upper + "^_`" + lower + "|~")
        #expect(matching(ASCII.isPath) == "!$&'()*+,-./" + digits + ":;=@" + upper + "_" + lower + "~")
        #expect((0...255).filter { ASCII.isControl(UInt8($0)) } == Array(0...8) + Array(10...31) + [127])
        for byte in UInt8.min...UInt8.max {
            let scalar = Character(UnicodeScalar(byte))
            #expect(ASCII.hexValue(byte).map(Int.init) == (byte < 0x80 ? scalar.hexDigitValue : nil))
            #expect(ASCII.lowercased(byte) == (byte < 0x80 ? Array("\(scalar)".lowercased().utf8)[0] : byte))
        }
    }

    @Test func `Percent-encoding leaves letters and digits, and is taken back`() {
        #expect(PercentEncoding.encoded("/run/a b.sock") == "%2frun%2fa%20b%2esock")
        #expect(PercentEncoding.encoded("") == "")
        #expect(PercentEncoding.decoded("a%2Fb%c3%a9+") == "a/b\u{e9}+")
        for text in ["", "a", "/;%", "caf\u{e9}\u{0}\n", "\u{1F600}"] {
            #expect(PercentEncoding.decoded(PercentEncoding.encoded(text)) == text)
        }
        for broken in ["%", "a%4", "%4g", "%-1", "%ff", "%c3%28"] {
            #expect(PercentEncoding.decoded(broken) == nil, "\(broken)")
        }
    }

    @Test func `Numbers have as many decimals as they should`() {
        #expect(FixedPoint.text(0, places: 1) == "0.0")
        #expect(FixedPoint.text(9.96, places: 1) == "10.0")
        #expect(FixedPoint.text(0.046, places: 2) == "0.05")
        #expect(FixedPoint.text(-1.5, places: 0) == "-2")
        #expect(FixedPoint.text(-0.001, places: 2) == "0.00")
        #expect(FixedPoint.text(1234.5678, places: 3) == "1234.568")
        #expect(FixedPoint.text(.infinity, places: 2) == "inf" && FixedPoint.text(.nan, places: 2) == "nan")
        #expect(FixedPoint.text(1e300, places: 2) == "1e+300")
    }

    @Test func `Columns are as wide as their longest cell`() {
        let table = TextColumns.text([["NAME", "N", "NOTE"], ["a", "12", "-"], ["caf\u{e9}s", "3", ""]])
        #expect(table == "NAME   N   NOTE\na      12  -\ncaf\u{e9}s  3")
        #expect(TextColumns.text([]) == "")
        #expect(TextColumns.text([["", ""]]) == "")
    }

    @Test func `Spans are compared and searched`() {
        let text = Array("example.test".utf8)
        func with(_ other: String, _ body: (Span<UInt8>, Span<UInt8>) -> Bool) -> Bool {
            let bytes = Array(other.utf8)
            return body(text.span, bytes.span)
        }
        #expect(with("example.test") { $0.equals($1) })
        #expect(!with("example.tesT") { $0.equals($1) })
        #expect(!with("example.tes") { $0.equals($1) })
        #expect(with("eXample.tesT") { $0.equalsIgnoringCase($1) })
        #expect(!with("example-test") { $0.equalsIgnoringCase($1) })
        #expect(!with("example\u{0E}test") { $0.equalsIgnoringCase($1) })
        #expect(with("exam") { $0.hasPrefix($1) })
        #expect(with("") { $0.hasPrefix($1) && $0.hasSuffix($1) && $0.contains($1) })
        #expect(!with("exan") { $0.hasPrefix($1) })
        #expect(with(".test") { $0.hasSuffix($1) })
        #expect(!with("example.test.") { $0.hasSuffix($1) || $0.hasPrefix($1) || $0.contains($1) })
        #expect(with("ple.t") { $0.contains($1) })
        #expect(with("test") { $0.contains($1) })
        #expect(!with("tset") { $0.contains($1) })
        #expect(text.span.byte(at: -1) == nil && text.span.byte(at: 12) == nil)
        #expect(text.span.byte(at: 11) == UInt8(ascii: "t"))
        var copy = [UInt8](copying: text.span)
        copy.append(text.span)
        #expect(copy == text + text)
    }

    @Test(arguments: [0, 1, 9, 10, 255, 256, 4095, 4096, 1_234_567_890, UInt64.max - 1, UInt64.max])
    func `Numbers are written in digits`(value: UInt64) {
        let decimal = DecimalDigits(value)
        let hexadecimal = HexadecimalDigits(value)
        #expect([UInt8](copying: decimal.span) == Array("\(value)".utf8))
        #expect([UInt8](copying: hexadecimal.span) == Array(String(value, radix: 16).utf8))
    }

    @Test(
        arguments: [
            ("", [], [""]), (" ", [], [""]), (",", [], ["", ""]), ("a", ["a"], ["a"]),
            (" a\t, b c ,,d", ["a", "b c", "d"], ["d", "", "b c", "a"]), ("a,", ["a"], ["", "a"]),
            (",a", ["a"], ["a", ""]), (" , a", ["a"], ["a", ""]),
        ] as [(String, [String], [String])]
    )
    func `Lists are divided at commas`(text: String, elements: [String], reversed: [String]) {
        // The list is a part of the span, between other text.
        let bytes = Array("x,\(text),y".utf8)
        let range = 2..<(bytes.count - 2)
        func element(_ part: Range<Int>) -> String { String(decoding: bytes[part], as: UTF8.self) }
        var forward = ListElements(range)
        var found: [String] = []
        while let part = forward.next(bytes.span) { found.append(element(part)) }
        #expect(found == elements)
        var backward = ReversedListElements(range)
        found = []
        while let part = backward.next(bytes.span) { found.append(element(part)) }
        #expect(found == reversed)
    }

    @Test func `Times are written as texts`() {
        let time = UTCTime(secondsSince1970: 784_111_777)
        #expect(time.httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(time.commonLogDate == "06/Nov/1994:08:49:37 +0000")
        #expect(time.iso8601 == "1994-11-06T08:49:37")
    }

    @Test func `Times have the parts that the C library computes`() {
        // Every 11 days and some hours, from the year 1 to 9999.
        for seconds in stride(from: -62_135_596_800, to: 253_402_300_800, by: 999_983) {
            var seconds = seconds
            var parts = tm()
            gmtime_r(&seconds, &parts)
            let time = UTCTime(secondsSince1970: seconds)
            let same =
                time.year == Int(parts.tm_year) + 1900 && time.month == Int(parts.tm_mon) + 1
                && time.day == Int(parts.tm_mday) && time.hour == Int(parts.tm_hour)
                && time.minute == Int(parts.tm_min) && time.second == Int(parts.tm_sec)
                && time.weekday == Int(parts.tm_wday)
            if !same { Issue.record("\(seconds): \(time)") }
        }
    }
}
